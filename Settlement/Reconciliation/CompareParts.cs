using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// What does not simply agree, looked at closely: the payments as they stand, other days, other registers. Counts what it finds, part by
/// part.
/// </summary>
internal sealed class CompareParts(
    Engine engine, SettleUnknown settle, ProviderSettings provider, RegisterDay of, long fileId, long[] otherFiles,
    IReadOnlyList<MatchStrategy> strategies, Instant? spokenTo)
{
    private const int Chunk = 2_000;

    private static readonly string Elsewhere = Sql.Load("Reconciliation/Elsewhere.sql");
    private static readonly string OtherDays = Sql.Load("Reconciliation/OtherDays.sql");

    private readonly JudgePayment judge = new(Zone(provider), of.Day, spokenTo);
    private readonly RegisterFacts facts = new(provider, Zone(provider), of.Day, fileId);
    private readonly Dictionary<MissedPayment, NewBreak> missed = new(ReferenceEqualityComparer.Instance);
    private readonly List<(RegisterLineIn Line, int Lines)> unknownLines = [];
    private readonly List<NewBreak> found = [];
    private long lines, matched, settled, inFlight, breaks;

    public RegisterDay Of => of;

    public long FileId => fileId;

    public string Subject => $"{provider.Code}/{NodaTime.Text.LocalDatePattern.Iso.Format(of.Day)}";

    /// <summary>What was found, by kind and subject.</summary>
    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>Payments of other days that stand in this register.</summary>
    public List<long> TurnedUp { get; } = [];

    public long Id { get; set; }

    public int Closed { get; set; }

    public Reconciled Result => new(Id, lines, matched, settled, inFlight, breaks, Closed);

    /// <summary>
    /// Whether most of it is nothing of ours: another provider's, or no register at all. One that brings several days at once is ours.
    /// </summary>
    public async Task<bool> IsNotOursAsync(ReadRegister read, CancellationToken cancel)
    {
        if (read.IsTooMuch || !read.IsOfStrangers)
        {
            return read.IsTooMuch;
        }

        var known = await OtherDaysAsync([.. read.Aside.Keys.Where(number => read.Book.Find(number) < 0)], cancel);
        return known.Count(one => one.ProviderId == provider.Id) < read.Foreign / 2;
    }

    /// <summary>The one break of a register that is not ours; what was counted of it before is not.</summary>
    public NewBreak Refuse(ReadRegister read)
    {
        (lines, matched, inFlight, breaks) = (lines + read.Lines, 0, 0, 1);
        return facts.OfNotOurs(Subject, read.Lines, read.Strangers);
    }

    /// <summary>The breaks of one part.</summary>
    public async Task<IReadOnlyList<NewBreak>> JudgeAsync(ReadRegister read, CancellationToken cancel)
    {
        found.Clear();
        lines += read.Lines;
        var suspects = Suspects(read);
        var strangers = read.Aside.Keys.Where(number => read.Book.Find(number) < 0).ToArray();
        var missing = suspects.Where(one => !one.Agreed && !read.Aside.ContainsKey(one.Number)).Select(one => one.Number);
        var elsewhere = await ElsewhereAsync([.. missing, .. strangers], cancel);
        var agreed = suspects.Where(one => one.Agreed).Select(one => one.Number).ToHashSet();
        await JudgeAsync([.. suspects.Select(one => (one.AgentId, one.Number))], payments => JudgeAsync(payments, agreed, read, elsewhere), cancel);
        await JudgeStrangersAsync(strangers, read, elsewhere, cancel);
        foreach (var line in read.Unnumbered.GroupBy(line => line.Txn, StringComparer.Ordinal))
        {
            unknownLines.Add((line.First(), line.Count()));
        }

        if (missed.Count > SuggestPayments.Most || unknownLines.Count > SuggestPayments.Most)
        {
            AddUnknownLines();
        }

        return Counted();
    }

    /// <summary>The breaks of what no part had for itself alone: payments and lines without a number that may be each other's.</summary>
    public IReadOnlyList<NewBreak> JudgeRest()
    {
        found.Clear();
        AddUnknownLines();
        return Counted();
    }

    private static DateTimeZone Zone(ProviderSettings provider) => DateTimeZoneProviders.Tzdb[provider.Zone];

    private List<NewBreak> Counted()
    {
        breaks += found.Count;
        Names.UnionWith(found.Select(RegisterFacts.Name));
        return found;
    }

    private List<Suspect> Suspects(ReadRegister read)
    {
        var suspects = new List<Suspect>();
        for (var index = 0; index < read.Book.Count; index++)
        {
            ref var one = ref read.Book[index];
            if (one.Suspect || (!one.Agreed && (one.State == PaymentState.Confirmed || !Transitions.IsFinal(one.State))))
            {
                suspects.Add(new Suspect(one.AgentId, one.Number, one.Agreed));
            }
            else if (one.Agreed)
            {
                matched++;
            }
        }

        return suspects;
    }

    /// <summary>Reads payments as they stand, chunk by chunk, the next while one is judged.</summary>
    private async Task JudgeAsync(
        IReadOnlyList<(int AgentId, long Number)> keys, Func<IReadOnlyList<Payment>, Task> judgeChunk, CancellationToken cancel)
    {
        Task<IReadOnlyList<Payment>> FindAsync((int AgentId, long Number)[] chunk) =>
            engine.Book.FindAsync([.. chunk.Select(one => one.AgentId)], [.. chunk.Select(one => one.Number)], cancel);

        Task? judging = null;
        foreach (var chunk in keys.Chunk(Chunk))
        {
            var finding = FindAsync(chunk);
            await (judging ?? Task.CompletedTask);
            judging = judgeChunk(await finding);
        }

        await (judging ?? Task.CompletedTask);
    }

    private async Task JudgeAsync(IReadOnlyList<Payment> payments, HashSet<long> agreed, ReadRegister read, HashSet<long> elsewhere)
    {
        List<RegisterLineIn> Theirs(Payment one) => read.Aside.GetValueOrDefault(one.Number) ?? [];
        Judged Judge(Payment one) =>
            judge.Run(one, agreed.Contains(one.Number), Theirs(one), elsewhere.Contains(one.Number));

        var judged = payments.Select(Judge).ToArray();
        var shown = payments.Where((_, at) => judged[at].Verdict == RegisterVerdict.Settle)
            .Select(one => (one, $"register of {provider.Code}, file {fileId}, line {Theirs(one)[0].Line}")).ToList();
        var stand = await settle.RunAsync(shown);
        for (var at = 0; at < payments.Count; at++)
        {
            var payment = payments[at];
            if (judged[at].Verdict == RegisterVerdict.Settle)
            {
                payment = stand[payment.Number];
                // Its confirmation is of today, and so is judged with what it is now.
                judged[at] = Judge(payment);
                settled += payment.State == PaymentState.Confirmed ? 1 : 0;
            }

            Count(payment, judged[at], Theirs(payment), agreed.Contains(payment.Number));
        }
    }

    private void Count(Payment payment, Judged judged, List<RegisterLineIn> theirs, bool agreed)
    {
        matched += judged.Verdict == RegisterVerdict.Agrees && (agreed || theirs.Count > 0) ? 1 : 0;
        inFlight += judged.Verdict == RegisterVerdict.InFlight ? 1 : 0;
        var lineCount = theirs.Count + (agreed ? 1 : 0);
        foreach (var one in judged.Differences)
        {
            if (one is { Kind: BreakKind.MissingThere, Line: null })
            {
                missed.Add(new MissedPayment(payment, payment.AcceptedAt.InZone(Zone(provider)).Date), facts.Of(payment, one, lineCount));
            }
            else
            {
                found.Add(facts.Of(payment, one, lineCount));
            }
        }
    }

    /// <summary>Lines with a number that is none of the day's.</summary>
    private async Task JudgeStrangersAsync(long[] strangers, ReadRegister read, HashSet<long> elsewhere, CancellationToken cancel)
    {
        var unknown = strangers.ToHashSet();
        await JudgeAsync(
            [.. (await OtherDaysAsync(strangers, cancel)).Select(one => (one.AgentId, one.Number))],
            async payments =>
            {
                unknown.ExceptWith(payments.Select(payment => payment.Number));
                foreach (var payment in payments.Where(payment => payment.ProviderId != provider.Id))
                {
                    var theirs = read.Aside[payment.Number];
                    found.Add(facts.OfAnothers(payment, theirs[0], theirs.Count));
                }

                var ours = payments.Where(payment => payment.ProviderId == provider.Id).ToList();
                TurnedUp.AddRange(ours.Select(payment => payment.Number));
                await JudgeAsync(ours, agreed: [], read, elsewhere);
            },
            cancel);
        unknownLines.AddRange(unknown.Select(number => (read.Aside[number][0], read.Aside[number].Count)));
    }

    private void AddUnknownLines()
    {
        var suggested = SuggestPayments.Run(strategies, [.. missed.Keys], [.. unknownLines.Select(one => one.Line)]);
        foreach (var (line, count) in unknownLines)
        {
            var nothing = facts.OfNothing(line, count);
            if (!suggested.TryGetValue(line, out var may))
            {
                found.Add(nothing);
            }
            else if (count == 1 && SuggestPayments.Matches(may.Strategy, may.Payment, line))
            {
                missed.Remove(may.Payment);
                matched++;
            }
            else
            {
                found.Add(nothing with
                {
                    Step = "compare-suggested",
                    Suggestion = RegisterFacts.Suggest(may.Strategy.Name, may.Payment.Payment.AgentId, may.Payment.Payment.Number),
                });
            }
        }

        found.AddRange(missed.Values);
        missed.Clear();
        unknownLines.Clear();
    }

    private async Task<HashSet<long>> ElsewhereAsync(long[] numbers, CancellationToken cancel)
    {
        var there = new HashSet<long>();
        if (numbers.Length == 0 || otherFiles.Length == 0)
        {
            return there;
        }

        await using var command = engine.Database.CreateCommand(Elsewhere);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = otherFiles });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            there.Add(reader.GetInt64(0));
        }

        return there;
    }

    private async Task<List<(int AgentId, long Number, int ProviderId)>> OtherDaysAsync(long[] numbers, CancellationToken cancel)
    {
        var there = new List<(int, long, int)>();
        if (numbers.Length == 0)
        {
            return there;
        }

        await using var command = engine.Database.CreateCommand(OtherDays);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            there.Add((reader.GetInt32(0), reader.GetInt64(1), reader.GetInt32(2)));
        }

        return there;
    }

    private readonly record struct Suspect(int AgentId, long Number, bool Agreed);
}
