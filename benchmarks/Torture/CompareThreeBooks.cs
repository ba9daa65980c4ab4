using System.Globalization;

namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// What the terminals were told, what the database says, and what the providers recorded, held against each other as sets. It
/// reads all of it each time, so that an early payment that goes wrong late is seen too.
/// </summary>
internal static class CompareThreeBooks
{
    private static readonly HashSet<string> Final = ["Confirmed", "Declined", "Cancelled", "Reversed"];

    /// <summary>Edges that two people approved, which may change what was told.</summary>
    private static readonly HashSet<short> Corrections = [15, 16, 17, 20, 22, 24, 25, 26, 27];

    /// <param name="providers">Codes of the providers by their numbers.</param>
    public static void Run(
        ToldBook told, EngineBook book, ProviderBook record, IReadOnlyDictionary<int, string> providers, Verdict verdict)
    {
        AuditBook.Run(book, verdict);
        var byReference = book.Payments.Values.ToLookup(payment => (book.Agents[payment.AgentId].Code, payment.Reference));
        foreach (var twice in byReference.Where(one => one.Count() > 1))
        {
            verdict.Add(
                Wrong.Doubled, $"{twice.Key.Code}/{twice.Key.Reference}",
                $"one reference, the numbers {string.Join(", ", twice.Select(payment => payment.Number))}");
        }

        foreach (var ((agent, reference), payment) in told.Payments)
        {
            CompareTold(payment, byReference[(agent, reference)].FirstOrDefault(), $"{agent}/{reference}", book, verdict);
        }

        foreach (var payment in book.Payments.Values)
        {
            var name = AuditBook.Name(book, payment);
            if (!told.Payments.ContainsKey((book.Agents[payment.AgentId].Code, payment.Reference)))
            {
                verdict.Add(Wrong.Untold, name, "no terminal asked for it");
            }

            CompareCredited(payment, name, record.Transactions.GetValueOrDefault(payment.Number), providers, verdict);
        }

        CompareRecord(book, record, providers, verdict);
    }

    private static void CompareTold(ToldPayment told, BookedPayment? booked, string name, EngineBook book, Verdict verdict)
    {
        if (booked is null)
        {
            if (told.Said.Exists(said => said.State.Length > 0))
            {
                verdict.Add(Wrong.Lost, name, "a terminal was told that it exists, and the book does not know it");
            }
            else if (told is { Ended: false, Writes: > 0 } && told.Refused < told.Writes)
            {
                verdict.Add(Wrong.Unfinished, name, "no terminal ever learned what became of it");
            }

            return;
        }

        if (!Final.Contains(booked.State))
        {
            verdict.Add(Wrong.Unfinished, name, $"still {booked.State}");
        }

        if (told.Said.FindLast(said => said.State.Length > 0) is not { Final: true } last || last.State != booked.State)
        {
            verdict.Add(
                Final.Contains(booked.State) ? Wrong.Untold : Wrong.Unfinished, name,
                $"the terminal's last look says otherwise than the book, which says {booked.State}");
        }

        if (told.Writes > 0 && told.Refused == told.Writes)
        {
            verdict.Add(Wrong.Untold, name, $"every request was refused, and the book has it as {booked.State}");
        }

        CompareAsked(told, booked, name, book, verdict);
        CompareAnswers(told, booked, name, book, verdict);
    }

    /// <summary>What was asked for is what was booked, and nothing that nobody asked for.</summary>
    private static void CompareAsked(ToldPayment told, BookedPayment booked, string name, EngineBook book, Verdict verdict)
    {
        // A cancel that came first is booked without provider, account and amount: there is nothing else to know.
        if (told.AmountQepik is { } amount && booked.ProviderId != 0 && (booked.AmountQepik != amount
            || booked.AmountQepik + booked.FeeQepik != told.TotalQepik || booked.Service != told.Service
            || booked.Account != told.Account))
        {
            verdict.Add(
                Wrong.Untold, name,
                $"asked {told.Service} {told.Account} {amount} of {told.TotalQepik}, booked {booked.Service} {booked.Account} "
                + $"{booked.AmountQepik} + {booked.FeeQepik}");
        }

        if (!told.Reversed && AuditBook.History(booked).Contains("Reversing", StringComparer.Ordinal))
        {
            verdict.Add(Wrong.Untold, name, "taken back, and no terminal asked for that");
        }

        // All of these payers pay in cash, and keep standing there only where they were told something final at once.
        var leftOpen = told.Said.Exists(said => said is { Verb: "PUT", State.Length: > 0, Final: false });
        var comesToNothing = booked.State is "Declined" or "Reversed";
        if ((booked.State == "Reversed" || (comesToNothing && leftOpen)) && !book.CashToReturn.Contains(booked.Number))
        {
            verdict.Add(Wrong.Untold, name, $"{booked.State} after its payer had gone, and nobody owes the cash");
        }

        // What was refused or taken back late and then found delivered keeps its row; nobody is asked to give that cash back.
        var cameToNothing = AuditBook.History(booked).Any(state => state is "Declined" or "Reversed");
        if (!cameToNothing && book.CashToReturn.Contains(booked.Number))
        {
            verdict.Add(Wrong.Untold, name, $"{booked.State}, and its cash is to be given back");
        }
    }

    /// <summary>Every single answer: its number, its receipt, and that nothing final was taken back without approval.</summary>
    private static void CompareAnswers(
        ToldPayment told, BookedPayment booked, string name, EngineBook book, Verdict verdict)
    {
        var history = AuditBook.History(booked).ToList();
        var corrected = booked.Events.Exists(one => Corrections.Contains(one.Edge) && one.ApprovedBy is not null);
        var reversed = history.Contains("Reversing");
        var receipt = ReceiptOf(booked, book);
        foreach (var said in told.Said.Where(said => said.State.Length > 0))
        {
            if (said.Number != booked.Number.ToString(CultureInfo.InvariantCulture))
            {
                verdict.Add(Wrong.Doubled, name, $"told the number {said.Number}, booked as {booked.Number}");
            }

            if (said.Receipt.Length > 0 && said.Receipt != receipt)
            {
                verdict.Add(Wrong.Doubled, name, $"told the receipt {said.Receipt}, booked {receipt}");
            }

            if (!history.Contains(said.State))
            {
                verdict.Add(Wrong.Untold, name, $"told {said.State}, which it never was");
            }

            if (said.Final != Final.Contains(said.State)
                || (said.Final && said.State != booked.State && !corrected && !(reversed && said.State == "Confirmed")))
            {
                verdict.Add(Wrong.Untold, name, $"told {said.State} for good, and the book says {booked.State}");
            }

            if (said.AmountQepik != booked.AmountQepik)
            {
                verdict.Add(Wrong.Untold, name, $"told the amount {said.AmountQepik}, booked {booked.AmountQepik}");
            }
        }

        if (told.Said.Find(said => said.State.Length > 0) is { Status: > 0 } first
            && told.Said.Exists(said => said.AskedAt > first.At && said.Status == 404))
        {
            verdict.Add(Wrong.Untold, name, "told that it exists, and later that it does not");
        }

        if (told.Said.Exists(said => said.Code == 140) && told.OtherAmounts.Count == 0)
        {
            verdict.Add(Wrong.Untold, name, "the same request was called another one");
        }
    }

    private static void CompareCredited(
        BookedPayment payment, string name, Credited? credited, IReadOnlyDictionary<int, string> providers, Verdict verdict)
    {
        var credits = credited?.Credits ?? 0;
        var reversals = credited?.Reversals ?? 0;
        if (credits > 1 || reversals > 1)
        {
            verdict.Add(Wrong.Doubled, name, $"credited {credits} times and taken back {reversals} times");
        }

        var delivered = credits - reversals > 0;
        if (payment.State == "Confirmed" && !delivered)
        {
            verdict.Add(Wrong.Lost, name, "confirmed, and not credited");
        }
        else if (payment.State is not "Confirmed" and not "Reversing" && Final.Contains(payment.State) && delivered)
        {
            verdict.Add(Wrong.Lost, name, $"credited, and {payment.State} in the book");
        }

        if (credited is { Even: false })
        {
            verdict.Add(Wrong.Lost, name, "credited or taken back in part, or to two accounts");
        }

        if (credited is null && payment.Events.Exists(one => one.Edge is 10 or 11))
        {
            verdict.Add(Wrong.Lost, name, "declined in the name of a provider that never heard of it");
        }

        if (credited is not null && (credited.AmountQepik != payment.AmountQepik || credited.Account != payment.Account
            || (providers.TryGetValue(payment.ProviderId, out var provider) && provider != credited.Provider)))
        {
            verdict.Add(
                Wrong.Lost, name, $"the provider has {credited.Provider} {credited.AmountQepik} to another account or amount");
        }
    }

    /// <summary>From the providers' side: what they credited under numbers that nobody gave, and the same thing twice.</summary>
    private static void CompareRecord(
        EngineBook book, ProviderBook record, IReadOnlyDictionary<int, string> providers, Verdict verdict)
    {
        foreach (var (number, credited) in record.Transactions)
        {
            if (credited.Credits > 0 && !book.Payments.ContainsKey(number))
            {
                verdict.Add(Wrong.Lost, FormattableString.Invariant($"number {number}"), "credited, and not in the book");
            }
        }

        foreach (var number in record.AtTwoProviders)
        {
            verdict.Add(Wrong.Doubled, FormattableString.Invariant($"number {number}"), "two providers were asked to deliver it");
        }

        var wanted = book.Payments.Values.Where(payment => providers.ContainsKey(payment.ProviderId))
            .GroupBy(payment => (providers[payment.ProviderId], payment.Account, payment.AmountQepik))
            .ToDictionary(same => same.Key, same => same.Select(payment => (payment.AgentId, payment.Reference)).Distinct().Count());
        foreach (var same in record.Transactions.Values.Where(one => one.Credits > 0)
            .GroupBy(one => (one.Provider, one.Account, one.AmountQepik)))
        {
            var credits = same.Sum(one => one.Credits);
            if (credits > wanted.GetValueOrDefault(same.Key))
            {
                verdict.Add(
                    Wrong.Doubled, $"{same.Key.Provider} {same.Key.AmountQepik}",
                    $"credited {credits} times to one account, asked for {wanted.GetValueOrDefault(same.Key)} times");
            }
        }
    }

    /// <summary>The receipt's printed number: year, day of the year, series, counter, and Luhn's digit.</summary>
    private static string ReceiptOf(BookedPayment payment, EngineBook book)
    {
        var numbered = payment.Events.Find(one => one.Receipt is not null);
        if (numbered.Receipt is not { } counter || numbered.Day is not { } day)
        {
            return "";
        }

        var digits = string.Create(
            CultureInfo.InvariantCulture,
            $"{day.Year % 100:00}{day.DayOfYear:000}{book.Agents[payment.AgentId].Lane + 1:000}{counter:0000000}");
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            digit = i % 2 == 0 ? digit * 2 : digit;
            sum += digit > 9 ? digit - 9 : digit;
        }

        return digits + ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
    }
}
