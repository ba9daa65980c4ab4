using System.Text;

namespace EGovPay.Processing.Signatures;

/// <summary>
/// One thing a signature covers: a field's name in lower case, or a derived component such as <c>@method</c>.
/// </summary>
/// <param name="Parameters">The component's own parameters as written, <c>;req</c>; empty where it has none.</param>
public sealed record CoveredComponent(string Name, string Parameters = "");

/// <summary>
/// What one label of <c>Signature-Input</c> says (RFC 9421): what is covered, and when, by whom and how it was signed.
/// </summary>
public sealed class SignatureInput
{
    /// <summary>The label that ties it to its signature, <c>sig1</c>.</summary>
    public required string Label { get; init; }

    public required IReadOnlyList<CoveredComponent> Components { get; init; }

    /// <summary>When it was signed, seconds since 1970, or null.</summary>
    public long? Created { get; init; }

    /// <summary>When it ends, seconds since 1970, or null.</summary>
    public long? Expires { get; init; }

    public string? Nonce { get; init; }

    public string? KeyId { get; init; }

    /// <summary>The algorithm's registered name, or null where the key decides.</summary>
    public string? Algorithm { get; init; }

    /// <summary>The value as it is signed: <c>("@method" …);created=…</c> in canonical form.</summary>
    public required string Canonical { get; init; }

    /// <summary>Reads the whole field. False for anything that is not exactly well-formed; never throws.</summary>
    public static bool TryParse(string? field, out IReadOnlyList<SignatureInput> inputs)
    {
        if (field is not null && StructuredField.TryReadInputs(field, out var read))
        {
            inputs = read;
            return true;
        }

        inputs = [];
        return false;
    }

    /// <summary>
    /// Reads the <c>Signature</c> field to the bytes of one label; null where it is not there or malformed.
    /// </summary>
    public static byte[]? SignatureOf(string? field, string label)
    {
        if (field is null || !StructuredField.TryReadByteSequences(field, out var members))
        {
            return null;
        }

        return members.Find(member => string.Equals(member.Key, label, StringComparison.Ordinal)).Value;
    }

    /// <summary>
    /// The text that is signed: a line for each covered component and the parameters last. Null where a component's
    /// value is not there or is not printable ASCII: a line break would forge a line, and nothing else is defined.
    /// </summary>
    /// <param name="valueOf">The value of a component in this message, or null.</param>
    public string? TextToSign(Func<CoveredComponent, string?> valueOf)
    {
        var text = new StringBuilder(256);
        foreach (var component in Components)
        {
            var value = valueOf(component);
            if (value is null || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                return null;
            }

            text.Append(StructuredField.Quote(component.Name)).Append(component.Parameters)
                .Append(": ").Append(value).Append('\n');
        }

        return text.Append("\"@signature-params\": ").Append(Canonical).ToString();
    }

    /// <summary>True when a component without parameters of its own is covered.</summary>
    public bool Covers(string name)
    {
        foreach (var component in Components)
        {
            if (component.Parameters.Length == 0 && string.Equals(component.Name, name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    internal static SignatureInput? From(
        string label, List<CoveredComponent> components, List<FieldParameter> parameters, string canonicalParameters)
    {
        foreach (var parameter in parameters)
        {
            var wellTyped = parameter.Name switch
            {
                "created" or "expires" => parameter.Number is >= 0,
                "nonce" or "keyid" or "alg" or "tag" => parameter.Text is not null,
                _ => true,
            };
            if (!wellTyped)
            {
                return null;
            }
        }

        var items = string.Join(' ', components.Select(one => StructuredField.Quote(one.Name) + one.Parameters));
        return new SignatureInput
        {
            Label = label,
            Components = components,
            Created = parameters.Find(one => one.Name is "created").Number,
            Expires = parameters.Find(one => one.Name is "expires").Number,
            Nonce = parameters.Find(one => one.Name is "nonce").Text,
            KeyId = parameters.Find(one => one.Name is "keyid").Text,
            Algorithm = parameters.Find(one => one.Name is "alg").Text,
            Canonical = $"({items}){canonicalParameters}",
        };
    }
}
