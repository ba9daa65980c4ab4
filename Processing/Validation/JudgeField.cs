using EGovPay.Processing.Catalogue;

namespace EGovPay.Processing.Validation;

/// <summary>What is wrong with the value of one field.</summary>
internal enum FieldFault { None, Missing, Malformed, CheckDigit }

/// <summary>Judges one typed value by the rules of its field.</summary>
internal static class JudgeField
{
    /// <summary>The most characters a value may have as typed, normal form or not.</summary>
    public const int MostCharacters = 200;

    /// <summary>
    /// Brings <paramref name="value"/> to its normal form and judges it. Values are printable ASCII: what the payer
    /// types here is read off a bill, and a control character or a digit of another script must reach neither the
    /// database nor a provider.
    /// </summary>
    public static FieldFault Judge(ServiceField field, ref string value)
    {
        if (value.Length > MostCharacters)
        {
            return FieldFault.Malformed;
        }

        value = NormaliseValue.Apply(field.Normalise, value);
        if (value.Length == 0)
        {
            return FieldFault.Missing;
        }

        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') || !field.Pattern.IsMatch(value.AsSpan()))
        {
            return FieldFault.Malformed;
        }

        return CheckDigits.Satisfies(field.Check, value) ? FieldFault.None : FieldFault.CheckDigit;
    }
}
