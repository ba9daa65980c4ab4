using System.Globalization;

namespace EGovPay.Processing.Receipts;

/// <summary>
/// An amount written out, as a receipt has to show it: manat and qəpik both in words, always both, so that nothing can
/// be written before or after. Azerbaijani by default; English and Russian by <c>en</c> and <c>ru</c>.
/// </summary>
public static class AmountInWords
{
    /// <summary>The greatest amount with words: 999 999 999 999.99 AZN.</summary>
    public static readonly Money Max = new(99_999_999_999_999);

    private static readonly string[] AzUnits =
        ["", "bir", "iki", "üç", "dörd", "beş", "altı", "yeddi", "səkkiz", "doqquz"];

    private static readonly string[] AzTens =
        ["", "on", "iyirmi", "otuz", "qırx", "əlli", "altmış", "yetmiş", "səksən", "doxsan"];

    private static readonly string[] AzScales = ["", "min", "milyon", "milyard"];

    private static readonly string[] EnUnits =
    [
        "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] EnTens =
        ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static readonly string[] EnScales = ["", "thousand", "million", "billion"];

    private static readonly string[] RuUnits =
    [
        "", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
        "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
        "девятнадцать",
    ];

    private static readonly string[] RuTens =
        ["", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"];

    private static readonly string[] RuHundreds =
        ["", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"];

    private static readonly string[][] RuScales =
    [
        [], ["тысяча", "тысячи", "тысяч"], ["миллион", "миллиона", "миллионов"],
        ["миллиард", "миллиарда", "миллиардов"],
    ];

    private static readonly string[] RuManat = ["манат", "маната", "манатов"];

    private static readonly string[] RuQepik = ["гяпик", "гяпика", "гяпиков"];

    /// <summary>The amount in words, in lower case: <c>iyirmi üç manat əlli qəpik</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is above <see cref="Max"/>.</exception>
    public static string Of(Money amount, string? language = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(amount, Max);
        var manat = amount.Qepik / 100;
        var qepik = amount.Qepik % 100;
        return language switch
        {
            "en" => $"{English(manat)} manat {English(qepik)} qəpik",
            "ru" => $"{Russian(manat)} {RuForm(manat, RuManat)} {Russian(qepik)} {RuForm(qepik, RuQepik)}",
            _ => $"{Azerbaijani(manat)} manat {Azerbaijani(qepik)} qəpik",
        };
    }

    /// <summary>The amount in words with a capital at the beginning, as a line of a receipt.</summary>
    public static string Sentence(Money amount, string? language = null)
    {
        var words = Of(amount, language);
        // Only Azerbaijani has the pair i – İ: iyirmi becomes İyirmi.
        var first = language is not ("en" or "ru") && words[0] == 'i'
            ? "İ"
            : words[..1].ToUpper(CultureInfo.InvariantCulture);
        return first + words[1..];
    }

    private static string Azerbaijani(long number) => Write(number, "sıfır", (words, triple, scale) =>
    {
        // A hundred and a thousand stand without "bir"; a million and a milliard do not.
        Add(words, triple / 100 == 1 ? "" : AzUnits[triple / 100], triple >= 100 ? "yüz" : "");
        var bareThousand = scale == 1 && triple == 1;
        Add(words, AzTens[triple / 10 % 10], bareThousand ? "" : AzUnits[triple % 10], AzScales[scale]);
    });

    private static string English(long number) => Write(number, "zero", (words, triple, scale) =>
    {
        Add(words, EnUnits[triple / 100], triple >= 100 ? "hundred" : "");
        var rest = triple % 100;
        var tens = rest < 20
            ? EnUnits[rest]
            : rest % 10 == 0 ? EnTens[rest / 10] : $"{EnTens[rest / 10]}-{EnUnits[rest % 10]}";
        Add(words, tens, EnScales[scale]);
    });

    private static string Russian(long number) => Write(number, "ноль", (words, triple, scale) =>
    {
        var rest = triple % 100;
        var unit = rest < 20 ? rest : rest % 10;
        // A thousand is feminine; manat, qəpik, million and milliard are masculine.
        var unitWord = (scale, unit) switch { (1, 1) => "одна", (1, 2) => "две", _ => RuUnits[unit] };
        Add(words, RuHundreds[triple / 100], rest < 20 ? "" : RuTens[rest / 10], unitWord);
        Add(words, scale == 0 ? "" : RuForm(triple, RuScales[scale]));
    });

    private static string Write(long number, string zero, Action<List<string>, int, int> writeTriple)
    {
        if (number == 0)
        {
            return zero;
        }

        var words = new List<string>();
        long divisor = 1_000_000_000;
        for (var scale = 3; scale >= 0; scale--, divisor /= 1_000)
        {
            var triple = (int)(number / divisor % 1_000);
            if (triple > 0)
            {
                writeTriple(words, triple, scale);
            }
        }

        return string.Join(' ', words);
    }

    private static void Add(List<string> words, params ReadOnlySpan<string> more)
    {
        foreach (var word in more)
        {
            if (word.Length > 0)
            {
                words.Add(word);
            }
        }
    }

    /// <summary>One манат, two маната, five манатов; eleven to fourteen go with five.</summary>
    private static string RuForm(long number, string[] forms) =>
        (number % 100) is >= 11 and <= 14
            ? forms[2]
            : (number % 10) switch { 1 => forms[0], >= 2 and <= 4 => forms[1], _ => forms[2] };
}
