using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Processing.Catalogue;

/// <summary>
/// Reads the properties of one object of the catalogue file, and reports each that is missing, unknown, or not what it
/// should be. A property that could not be read gives null or the type's default; whoever asked goes on, so that every
/// fault is named.
/// </summary>
internal readonly struct ReadObject
{
    private readonly JsonWithLines _node;
    private readonly CatalogueFaults _faults;
    private readonly string _what;

    private ReadObject(JsonWithLines node, string what, CatalogueFaults faults)
    {
        _node = node;
        _what = what;
        _faults = faults;
    }

    public int Line => _node.Line;

    /// <summary>Takes <paramref name="node"/> as an object with no other properties than those named.</summary>
    public static ReadObject? From(
        JsonWithLines node, string what, CatalogueFaults faults, ReadOnlySpan<string> properties)
    {
        if (node.Kind != JsonTokenType.StartObject)
        {
            faults.Add(node.Line, $"{what} must be an object {{…}}.");
            return null;
        }

        foreach (var property in node.Properties)
        {
            if (!properties.Contains(property.Name))
            {
                faults.Add(property.Line, $"{what} has no property \"{CatalogueFaults.Shorten(property.Name)}\"; "
                    + $"it may have: {string.Join(", ", properties!)}.");
            }
        }

        return new ReadObject(node, what, faults);
    }

    public void Fault(string property, string message) => _faults.Add(LineOf(property), message);

    public int LineOf(string property)
    {
        foreach (var known in _node.Properties)
        {
            if (known.Name == property)
            {
                return known.Line;
            }
        }

        return _node.Line;
    }

    /// <summary>
    /// The value, null when it is absent or <c>null</c>; reported unless <paramref name="optional"/>.
    /// </summary>
    public JsonWithLines? Value(string property, bool optional = false)
    {
        foreach (var known in _node.Properties)
        {
            if (known.Name == property)
            {
                if (known.Value.Kind != JsonTokenType.Null)
                {
                    return known.Value;
                }

                if (!optional)
                {
                    _faults.Add(known.Line, $"{_what}: \"{property}\" may not be null.");
                }

                return null;
            }
        }

        if (!optional && _node.Complete)
        {
            _faults.Add(_node.Line, $"{_what}: \"{property}\" is missing.");
        }

        return null;
    }

    /// <summary>
    /// A text of 1 to <paramref name="most"/> characters, trimmed at both ends and without control characters.
    /// </summary>
    public string? Text(string property, int most, bool optional = false)
    {
        if (Value(property, optional) is not { } value)
        {
            return null;
        }

        if (value.Kind != JsonTokenType.String)
        {
            _faults.Add(value.Line, $"{_what}: \"{property}\" must be a text in quotes.");
            return null;
        }

        var text = value.Text;
        if (text.Length == 0 || text.Length > most || text.AsSpan().Trim().Length != text.Length
            || text.Any(char.IsControl))
        {
            _faults.Add(value.Line, $"{_what}: \"{property}\" must be 1 to {most} characters, "
                + "without control characters and without spaces at the ends.");
            return null;
        }

        return text;
    }

    public bool? Flag(string property, bool? absent = null)
    {
        if (Value(property, absent is not null) is not { } value)
        {
            return absent;
        }

        if (value.Kind is JsonTokenType.True or JsonTokenType.False)
        {
            return value.Kind == JsonTokenType.True;
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be true or false.");
        return null;
    }

    /// <summary>A whole number between the limits.</summary>
    public int? Whole(string property, int least, int most)
    {
        if (Value(property) is not { } value)
        {
            return null;
        }

        if (value.Kind == JsonTokenType.Number
            && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be a whole number from {least} to {most}.");
        return null;
    }

    /// <summary>A number of at most two decimals, as hundredths; amounts of manat become qəpik.</summary>
    public long? Hundredths(string property) =>
        Value(property) is { } value ? Hundredths(property, value) : null;

    public long? Hundredths(string property, JsonWithLines value)
    {
        if (value.Kind == JsonTokenType.Number && TryHundredths(value.Text, out var hundredths))
        {
            return hundredths;
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be a number from 0 with at most two decimals, "
            + $"such as 12.50"
            + $" (it is {CatalogueFaults.Shorten(value.Text)}).");
        return null;
    }

    /// <summary>One of the words of an enumeration, in lower case.</summary>
    public TEnum? Word<TEnum>(string property, TEnum? absent = null)
        where TEnum : struct, Enum
    {
        if (Value(property, absent is not null) is not { } value)
        {
            return absent;
        }

        if (value.Kind == JsonTokenType.String)
        {
            foreach (var known in Enum.GetValues<TEnum>())
            {
                if (Wire(known) == value.Text)
                {
                    return known;
                }
            }
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be one of: "
            + $"{string.Join(", ", Enum.GetValues<TEnum>().Select(Wire))}.");
        return null;
    }

    public LocalDate? Date(string property)
    {
        if (Value(property) is not { } value)
        {
            return null;
        }

        var parsed = LocalDatePattern.Iso.Parse(value.Text);
        if (value.Kind == JsonTokenType.String && parsed.Success)
        {
            return parsed.Value;
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be a date like \"2025-11-01\".");
        return null;
    }

    public LocalTime? Time(string property)
    {
        if (Value(property) is not { } value)
        {
            return null;
        }

        var parsed = LocalTimePattern.CreateWithInvariantCulture("HH:mm").Parse(value.Text);
        if (value.Kind == JsonTokenType.String && parsed.Success)
        {
            return parsed.Value;
        }

        _faults.Add(value.Line, $"{_what}: \"{property}\" must be a time of day like \"09:30\".");
        return null;
    }

    /// <summary>A text in all three languages.</summary>
    public Localised? InThreeLanguages(string property, int most)
    {
        if (Value(property) is not { } value
            || From(value, $"{_what}: \"{property}\"", _faults, ["az", "en", "ru"]) is not { } names)
        {
            return null;
        }

        var (az, en, ru) = (names.Text("az", most), names.Text("en", most), names.Text("ru", most));
        return az is null || en is null || ru is null ? null : new Localised(az, en, ru);
    }

    /// <summary>The items of an array; empty when there is none, which is reported.</summary>
    public IReadOnlyList<JsonWithLines> Items(string property, int most)
    {
        if (Value(property) is not { } value)
        {
            return [];
        }

        if (value.Kind != JsonTokenType.StartArray)
        {
            _faults.Add(value.Line, $"{_what}: \"{property}\" must be a list [ … ].");
            return [];
        }

        if ((value.Items.Count == 0 && value.Complete) || value.Items.Count > most)
        {
            _faults.Add(value.Line, $"{_what}: \"{property}\" must have 1 to {most} items (it has "
                + $"{value.Items.Count}).");
            return value.Items.Count > most ? value.Items.GetRange(0, most) : [];
        }

        return value.Items;
    }

    private static string Wire<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();

    private static bool TryHundredths(string text, out long hundredths)
    {
        hundredths = 0;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text : text[..point];
        var decimals = point < 0 ? "" : text[(point + 1)..];
        return whole.Length is > 0 and <= 12 && decimals.Length <= 2
            && whole.All(char.IsAsciiDigit) && decimals.All(char.IsAsciiDigit)
            && long.TryParse(whole + decimals.PadRight(2, '0'), NumberStyles.None, CultureInfo.InvariantCulture,
                out hundredths);
    }
}
