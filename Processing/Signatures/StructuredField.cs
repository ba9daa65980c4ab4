using System.Buffers.Text;
using System.Text;

namespace EGovPay.Processing.Signatures;

/// <summary>
/// The part of RFC 8941 (structured fields) that signatures need, read strictly: a dictionary whose members are byte
/// sequences (<c>Signature</c>, <c>Content-Digest</c>) or inner lists of strings with parameters
/// (<c>Signature-Input</c>). Everything is bounded: a field ≤ 4 096 characters, ≤ 8 members, ≤ 32 items, ≤ 16
/// parameters. A repeated key is refused, where the RFC lets the last one win: two readings of one signature are an
/// attack, not a convenience.
/// </summary>
internal ref struct StructuredField
{
    private const int LongestField = 4_096;
    private const int MostMembers = 8;
    private const int MostItems = 32;
    private const int MostParameters = 16;

    private readonly ReadOnlySpan<char> text;
    private int at;

    private StructuredField(ReadOnlySpan<char> text) => this.text = text;

    private readonly bool AtEnd => at >= text.Length;

    private readonly char Next => at < text.Length ? text[at] : '\0';

    /// <summary>
    /// Reads <c>name=:base64:, …</c>; parameters after a member are refused, for nothing here defines any.
    /// </summary>
    public static bool TryReadByteSequences(string field, out List<KeyValuePair<string, byte[]>> members)
    {
        members = [];
        if (field.Length > LongestField)
        {
            return false;
        }

        var reader = new StructuredField(field);
        do
        {
            if (members.Count == MostMembers || reader.ReadKey() is not { } key || Has(members, key)
                || !reader.Take('=') || reader.ReadBytes() is not { } bytes)
            {
                return false;
            }

            members.Add(new(key, bytes));
        }
        while (reader.TakeComma());
        return reader.AtEnd;
    }

    /// <summary>Reads <c>label=("a" "b");name=value, …</c> to labels, items and parameters in their order.</summary>
    public static bool TryReadInputs(string field, out List<SignatureInput> inputs)
    {
        inputs = [];
        if (field.Length > LongestField)
        {
            return false;
        }

        var reader = new StructuredField(field);
        do
        {
            if (inputs.Count == MostMembers || reader.ReadKey() is not { } label
                || inputs.Exists(input => string.Equals(input.Label, label, StringComparison.Ordinal))
                || !reader.Take('=') || reader.ReadInput(label) is not { } read)
            {
                return false;
            }

            inputs.Add(read);
        }
        while (reader.TakeComma());
        return reader.AtEnd;
    }

    /// <summary>
    /// Writes a string item: quotes and back-slashes escaped. Null when a character cannot stand in one.
    /// </summary>
    public static string? Quote(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        foreach (var letter in value)
        {
            if (letter is < ' ' or > '~')
            {
                return null;
            }

            if (letter is '"' or '\\')
            {
                quoted.Append('\\');
            }

            quoted.Append(letter);
        }

        return quoted.Append('"').ToString();
    }

    private static bool Has(List<KeyValuePair<string, byte[]>> members, string key) =>
        members.Exists(member => string.Equals(member.Key, key, StringComparison.Ordinal));

    private SignatureInput? ReadInput(string label)
    {
        if (!Take('('))
        {
            return null;
        }

        var components = new List<CoveredComponent>();
        while (true)
        {
            var spaces = SkipSpaces();
            if (Take(')'))
            {
                break;
            }

            if (components.Count == MostItems || (components.Count > 0 && spaces == 0)
                || ReadString() is not { } name || ReadParameters() is not { } parameters)
            {
                return null;
            }

            var component = new CoveredComponent(name, Canonical(parameters));
            if (components.Contains(component))
            {
                return null;
            }

            components.Add(component);
        }

        return ReadParameters() is { } ours ? SignatureInput.From(label, components, ours, Canonical(ours)) : null;
    }

    private List<FieldParameter>? ReadParameters()
    {
        var parameters = new List<FieldParameter>();
        while (Take(';'))
        {
            SkipSpaces();
            if (parameters.Count == MostParameters || ReadKey() is not { } key
                || parameters.Exists(known => string.Equals(known.Name, key, StringComparison.Ordinal)))
            {
                return null;
            }

            var value = new FieldParameter(key, "?1", null, null);
            if (Take('=') && !TryReadBare(key, out value))
            {
                return null;
            }

            parameters.Add(value);
        }

        return parameters;
    }

    private bool TryReadBare(string key, out FieldParameter parameter)
    {
        parameter = default;
        if (Next == '"')
        {
            if (ReadString() is not { } read)
            {
                return false;
            }

            parameter = new(key, Quote(read)!, read, null);
            return true;
        }

        if (Next is '-' or (>= '0' and <= '9'))
        {
            return TryReadInteger(key, out parameter);
        }

        if (Next == ':')
        {
            var bytes = ReadBytes();
            parameter = new(key, bytes is null ? "" : $":{Convert.ToBase64String(bytes)}:", null, null);
            return bytes is not null;
        }

        if (Take('?'))
        {
            var truth = Next;
            at++;
            // A true parameter is written by its name alone.
            parameter = new(key, truth == '1' ? "?1" : "?0", null, null);
            return truth is '0' or '1';
        }

        return TryReadToken(key, out parameter);
    }

    private bool TryReadInteger(string key, out FieldParameter parameter)
    {
        parameter = default;
        var from = at;
        Take('-');
        var digits = at;
        while (char.IsAsciiDigit(Next))
        {
            at++;
        }

        // No decimals: nothing here defines one. Fifteen digits are the RFC's limit.
        if (at == digits || at - digits > 15 || Next == '.')
        {
            return false;
        }

        var number = long.Parse(text[from..at], System.Globalization.CultureInfo.InvariantCulture);
        parameter = new(key, number.ToString(System.Globalization.CultureInfo.InvariantCulture), null, number);
        return true;
    }

    private bool TryReadToken(string key, out FieldParameter parameter)
    {
        var from = at;
        if (!char.IsAsciiLetter(Next) && Next != '*')
        {
            parameter = default;
            return false;
        }

        while (char.IsAsciiLetterOrDigit(Next) || "!#$%&'*+-.^_`|~:/".Contains(Next, StringComparison.Ordinal))
        {
            at++;
        }

        parameter = new(key, text[from..at].ToString(), null, null);
        return true;
    }

    private static string Canonical(List<FieldParameter> parameters)
    {
        if (parameters.Count == 0)
        {
            return "";
        }

        var written = new StringBuilder();
        foreach (var parameter in parameters)
        {
            written.Append(';').Append(parameter.Name);
            if (!string.Equals(parameter.Written, "?1", StringComparison.Ordinal))
            {
                written.Append('=').Append(parameter.Written);
            }
        }

        return written.ToString();
    }

    private string? ReadKey()
    {
        var from = at;
        if (!char.IsAsciiLetterLower(Next) && Next != '*')
        {
            return null;
        }

        while (char.IsAsciiLetterLower(Next) || char.IsAsciiDigit(Next) || Next is '_' or '-' or '.' or '*')
        {
            at++;
        }

        return text[from..at].ToString();
    }

    private string? ReadString()
    {
        if (!Take('"'))
        {
            return null;
        }

        var read = new StringBuilder();
        while (!AtEnd)
        {
            var letter = text[at++];
            if (letter == '"')
            {
                return read.ToString();
            }

            if (letter == '\\')
            {
                letter = Next;
                at++;
                if (letter is not ('"' or '\\'))
                {
                    return null;
                }
            }
            else if (letter is < ' ' or > '~')
            {
                return null;
            }

            read.Append(letter);
        }

        return null;
    }

    private byte[]? ReadBytes()
    {
        if (!Take(':'))
        {
            return null;
        }

        var length = text[at..].IndexOf(':');
        if (length < 0)
        {
            return null;
        }

        var encoded = text.Slice(at, length);
        at += length + 1;
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(length)];

        // White space inside base 64 is skipped by the decoder and forbidden here.
        if (encoded.ContainsAny(" \t\r\n") || !Convert.TryFromBase64Chars(encoded, bytes, out var written))
        {
            return null;
        }

        return bytes[..written];
    }

    private bool Take(char letter)
    {
        if (Next != letter || AtEnd)
        {
            return false;
        }

        at++;
        return true;
    }

    private int SkipSpaces()
    {
        var from = at;
        while (Next == ' ')
        {
            at++;
        }

        return at - from;
    }

    private bool TakeComma()
    {
        var from = at;
        while (Next is ' ' or '\t')
        {
            at++;
        }

        if (!Take(','))
        {
            at = from;
            return false;
        }

        while (Next is ' ' or '\t')
        {
            at++;
        }

        return true;
    }
}

/// <summary>One parameter: its name, its canonical text, and its value where it is a string or an integer.</summary>
internal readonly record struct FieldParameter(string Name, string Written, string? Text, long? Number);
