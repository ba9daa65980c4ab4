using System.Text.RegularExpressions;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using EGovPay.Providers.Simulator;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// Accounts that a service takes, made from its example: digits change into digits and letters into letters until the
/// pattern and the check digit agree. The simulator's magic accounts are kept apart.
/// </summary>
internal sealed partial class DemoAccounts
{
    private const int Attempts = 1_000;
    private const int Most = 40;
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";

    private readonly ServiceField field;
    private readonly string[] usual;

    public DemoAccounts(Service service, Random random)
    {
        field = service.Fields[0];
        var found = new HashSet<string>(StringComparer.Ordinal) { field.Example };
        for (var attempt = 0; attempt < Attempts && found.Count < Most; attempt++)
        {
            var tried = Changed(field.Example, random);
            if (Good(tried) && !LooksMagic().IsMatch(tried))
            {
                found.Add(tried);
            }
        }

        usual = [.. found.Order(StringComparer.Ordinal)];
    }

    /// <summary>An account that behaves.</summary>
    public string Usual(Random random) => usual[random.Next(usual.Length)];

    /// <summary>
    /// An account at which the simulated provider behaves in a chosen way, or null where the pattern has no place for
    /// it.
    /// </summary>
    /// <param name="magic">The two digits of <see cref="MagicAccounts"/>.</param>
    public string? Magic(int magic, Random random)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var account = Usual(random);
            if (account.Length <= 5)
            {
                return null;
            }

            var tried = FormattableString.Invariant($"{account[..^5]}{MagicAccounts.Sign}{magic:00}");
            if (Good(tried))
            {
                return tried;
            }
        }

        return null;
    }

    private bool Good(string value) => field.Pattern.IsMatch(value) && CheckDigits.Satisfies(field.Check, value);

    private static string Changed(string example, Random random) => string.Create(
        example.Length, (example, random), static (text, from) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                var letter = from.example[i];
                text[i] = i < 2 || from.random.Next(3) == 0 ? letter
                    : char.IsAsciiDigit(letter) ? (char)('0' + from.random.Next(10))
                    : char.IsAsciiLetterUpper(letter) ? Letters[from.random.Next(Letters.Length)]
                    : letter;
            }
        });

    [GeneratedRegex("666[0-9]{2}$", RegexOptions.CultureInvariant)]
    private static partial Regex LooksMagic();
}
