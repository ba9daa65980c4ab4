using NodaTime;

namespace EGovPay.Providers.Simulator;

/// <summary>One line that a simulated account owes.</summary>
internal readonly record struct SimulatedDue(string Id, string Title, long DueQepik);

/// <summary>
/// Who a simulated account belongs to and what it owes: drawn from the seed, the provider and the account, so that it
/// is the same each time within a month. 5.00–95.00 in one to three lines: inside the limits of every service whose
/// debt is paid in full.
/// </summary>
internal static class Debts
{
    private static readonly string[] GivenNames =
        ["Əli", "Nərgiz", "Rəşad", "Günay", "İlqar", "Şəbnəm", "Vüsal", "Ülviyyə", "Çingiz", "Aygün", "Orxan", "Könül"];

    private static readonly string[] Surnames =
        ["Məmmədov", "Əliyeva", "Hüseynov", "Quliyeva", "İsmayılov", "Şükürova", "Abbasov", "Çələbiyeva", "Rzayev",
            "Ağayeva"];

    private static readonly string[] Months =
    [
        "Yanvar", "Fevral", "Mart", "Aprel", "May", "İyun", "İyul", "Avqust", "Sentyabr", "Oktyabr", "Noyabr", "Dekabr",
    ];

    public static string PayerOf(long seed, string provider, string account)
    {
        var drawn = Draw.From(seed, account, Draw.From(0, provider));
        return $"{GivenNames[drawn % (ulong)GivenNames.Length]} {Surnames[drawn / 64 % (ulong)Surnames.Length]}";
    }

    public static SimulatedDue[] Of(long seed, string provider, string account, YearMonth month)
    {
        var drawn = Draw.From(seed, account, Draw.From(1, provider));
        var whole = 500 + (long)(drawn % 9_001);
        var lines = new SimulatedDue[1 + (drawn / 16_384 % 3)];
        for (var i = 0; i < lines.Length; i++)
        {
            // Equal parts, and the last line takes what is left, so that the lines sum to the whole.
            var part = i < lines.Length - 1 ? whole / lines.Length : whole - (whole / lines.Length * i);
            var of = month.PlusMonths(-1 - i);
            lines[i] = new SimulatedDue(
                $"{of.Year:0000}-{of.Month:00}", $"{Months[of.Month - 1]} {of.Year}", part);
        }

        return lines;
    }
}
