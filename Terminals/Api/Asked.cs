using System.Buffers;
using System.Text.RegularExpressions;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Terminals.Problems;

namespace EGovPay.Terminals.Api;

/// <summary>
/// A payment as it is asked for. Everything is nullable: what is missing is refused by name, not by the parser.
/// </summary>
public sealed record PaymentAsked(
    string? Service, string? Account, IReadOnlyDictionary<string, string?>? Fields, long? AmountQepik, long? TotalQepik,
    string? Inquiry, IReadOnlyList<LineAsked>? Lines, string? Tender, string? Rrn, string? MaskedPan,
    ContactAsked? Contact, string? Cashier)
{
    /// <summary>Judges the form of it, field by field; 100 names the first that is wrong.</summary>
    internal PaymentRequest? Read(string reference, out Refuse? refused)
    {
        var faults = new Plain();
        faults.Reference(reference);
        faults.Text("service", Service, 1, 16);
        faults.Text("account", Account, 0, 200);
        var fields = faults.Fields(Fields);
        faults.There("amountQepik", AmountQepik);
        faults.There("totalQepik", TotalQepik);
        faults.MaybeText("inquiry", Inquiry, 16_384);
        var lines = faults.Lines(Lines);
        var tender = faults.Tender(this);
        var contact = faults.Contact(Contact);
        faults.MaybeText("cashier", Cashier, 100);
        if (faults.First is { } field)
        {
            refused = Refuse.Malformed(field);
            return null;
        }

        refused = null;
        return new PaymentRequest
        {
            Reference = reference,
            Service = Service!,
            Account = Account!,
            Fields = fields,
            AmountQepik = AmountQepik!.Value,
            TotalQepik = TotalQepik!.Value,
            Inquiry = Inquiry,
            Lines = lines,
            Tender = tender,
            Rrn = Rrn,
            MaskedPan = MaskedPan,
            Contact = contact,
            Cashier = Cashier,
        };
    }
}

/// <summary>One line that is paid.</summary>
public sealed record LineAsked(string? Id, long? AmountQepik);

/// <summary>Where to tell the payer.</summary>
public sealed record ContactAsked(string? Email, string? Phone, string? Lang);

/// <summary>Who is the payer and what is owed?</summary>
public sealed record InquiryAsked(string? Service, string? Account, IReadOnlyDictionary<string, string?>? Fields)
{
    internal FieldValue[]? Read(out Refuse? refused)
    {
        var faults = new Plain();
        faults.Text("service", Service, 1, 16);
        faults.Text("account", Account, 0, 200);
        var fields = faults.Fields(Fields);
        refused = faults.First is { } field ? Refuse.Malformed(field) : null;
        return fields;
    }
}

/// <summary>A confirmed payment is to be taken back.</summary>
public sealed record ReversalAsked(string? Reason)
{
    internal Refuse? Fault()
    {
        var faults = new Plain();
        faults.Text("reason", Reason, 1, 200);
        return faults.First is { } field ? Refuse.Malformed(field) : null;
    }
}

/// <summary>
/// The bounds of everything typed. It remembers the first field at fault. No text holds a control character, NUL
/// among them, or half of a surrogate pair: neither the database nor a printer takes them.
/// </summary>
internal sealed partial class Plain
{
    /// <summary>Begins the references that OSMP terminals' numbers are kept under; nobody else may make one.</summary>
    public const string OsmpPrefix = "osmp.";

    private const int MostFields = 32;

    private const long FullestDrawerQepik = 1_000_000_000_000;

    /// <summary>The first field at fault, in the wire's spelling, or null.</summary>
    public string? First { get; private set; }

    /// <summary>True for a reference that a terminal can have made: 1–64 of A–Z a–z 0–9 - _ .</summary>
    public static bool IsReference(string? reference) => reference is not null && ReferenceShape().IsMatch(reference);

    /// <summary>True for a reference that only an OSMP terminal's own number makes.</summary>
    public static bool IsReserved(string reference) => reference.StartsWith(OsmpPrefix, StringComparison.Ordinal);

    /// <summary>True where a text may be kept and printed.</summary>
    public static bool IsPlain(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (char.IsHighSurrogate(letter) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
            }
            else if (char.IsControl(letter) || char.IsSurrogate(letter))
            {
                return false;
            }
        }

        return true;
    }

    public void Reference(string reference)
    {
        if (!IsReference(reference) || IsReserved(reference))
        {
            Fault("reference");
        }
    }

    public void Text(string field, string? value, int least, int most)
    {
        if (value is null || value.Length < least)
        {
            Fault(field);
        }

        MaybeText(field, value, most);
    }

    public void MaybeText(string field, string? value, int most)
    {
        if (value is not null && (value.Length > most || !IsPlain(value)))
        {
            Fault(field);
        }
    }

    public void There(string field, long? value)
    {
        if (value is null)
        {
            Fault(field);
        }
    }

    /// <summary>The cash in a drawer: so little that no shift's sums overflow.</summary>
    public void Drawer(string field, long? value)
    {
        if (value is null or < 0 or > FullestDrawerQepik)
        {
            Fault(field);
        }
    }

    /// <summary>The further fields; null where there are none. A field that is null is absent.</summary>
    public FieldValue[]? Fields(IReadOnlyDictionary<string, string?>? fields)
    {
        if (fields is null || fields.Count == 0)
        {
            return null;
        }

        if (fields.Count > MostFields)
        {
            Fault("fields");
            return null;
        }

        var read = new List<FieldValue>(fields.Count);
        foreach (var (name, value) in fields)
        {
            if (name.Length is 0 or > 64 || !IsPlain(name))
            {
                Fault("fields");
                return null;
            }

            MaybeText("fields." + name, value, 200);
            if (value is not null)
            {
                read.Add(new FieldValue(name, value));
            }
        }

        return read.Count == 0 ? null : [.. read];
    }

    public PaidLine[]? Lines(IReadOnlyList<LineAsked>? lines)
    {
        if (lines is null || lines.Count == 0)
        {
            return null;
        }

        var read = new PaidLine[lines.Count];
        for (var i = 0; i < read.Length; i++)
        {
            if (lines[i] is not { } line)
            {
                Fault($"lines[{i}]");
                return null;
            }

            Text($"lines[{i}].id", line.Id, 1, 64);
            There($"lines[{i}].amountQepik", line.AmountQepik);
            read[i] = new PaidLine(line.Id ?? "", line.AmountQepik ?? 0);
        }

        return read;
    }

    /// <summary>
    /// A card's payment comes with its retrieval reference and masked number; no other has them, and none has a full
    /// number.
    /// </summary>
    public Tender Tender(PaymentAsked asked)
    {
        if (asked.Tender is not ("cash" or "card" or "account"))
        {
            Fault("tender");
        }

        var card = asked.Tender == "card";
        if (card ? asked.Rrn is null || !RrnShape().IsMatch(asked.Rrn) : asked.Rrn is not null)
        {
            Fault("rrn");
        }

        if (card ? !Mask.IsMaskedPan(asked.MaskedPan) : asked.MaskedPan is not null)
        {
            Fault("maskedPan");
        }

        return asked.Tender switch
        {
            "card" => Processing.Payments.Tender.Card,
            "account" => Processing.Payments.Tender.Account,
            _ => Processing.Payments.Tender.Cash,
        };
    }

    public Contact? Contact(ContactAsked? contact)
    {
        if (contact is null)
        {
            return null;
        }

        if (contact.Email is { } email
            && (email.Length > 254 || email.IndexOf('@', StringComparison.Ordinal) < 1 || !IsPlain(email)))
        {
            Fault("contact.email");
        }

        if (contact.Phone is { } phone && (phone.Length is 0 or > 20 || phone.AsSpan().ContainsAnyExcept(PhoneLetters)))
        {
            Fault("contact.phone");
        }

        if (contact.Lang is not (null or "az" or "en" or "ru"))
        {
            Fault("contact.lang");
        }

        return new Contact(contact.Email, contact.Phone, contact.Lang);
    }

    public void Fault(string field) => First ??= field;

    private static readonly SearchValues<char> PhoneLetters = SearchValues.Create("+0123456789 -()");

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ReferenceShape();

    [GeneratedRegex(@"\A[A-Za-z0-9-]{1,32}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RrnShape();
}
