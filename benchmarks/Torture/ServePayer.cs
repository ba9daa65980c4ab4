namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// One payer at one terminal, until the terminal was told something final, or that it never happened: the same request again
/// after every lost answer, to either node.
/// </summary>
internal sealed class ServePayer(Payer payer, Counter counter, CancellationToken stop)
{
    private const int MostRefusals = 8;
    private const int MostInquiries = 12;
    private static readonly TimeSpan CancelsAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly Random random = new(payer.Seed);
    private readonly long since = TimeProvider.System.GetTimestamp();
    private TimeSpan patience = TimeSpan.FromMilliseconds(payer.PatienceMilliseconds);
    private long amountQepik = payer.AmountQepik;
    private string? inquiry;
    private bool seen;
    private bool cancelling;
    private bool cancelled;
    private int refusals;

    /// <summary>The final state that the terminal was told, or null: it never began, for want of an inquiry.</summary>
    public async Task<string?> ServeAsync()
    {
        if (payer.Rule.Inquiry == Processing.Catalogue.InquiryNeed.Required && !await InquireAsync())
        {
            return null;
        }

        var final = await BeginAsync();
        for (var attempt = 0; final is null; attempt++)
        {
            if (attempt > 0)
            {
                await PauseAsync(attempt);
            }

            final = await AskOnceAsync();
        }

        return await AfterwardsAsync(final);
    }

    private int AnyNode => random.Next(2);

    private async Task<bool> InquireAsync()
    {
        for (var attempt = 0; attempt < MostInquiries; attempt++)
        {
            var answer = await counter.InquireAsync(payer, AnyNode, TimeSpan.FromSeconds(10), stop);
            if (answer is { Status: 200, Inquiry: { } given })
            {
                inquiry = given;
                if (payer.Rule.Mode == Processing.Catalogue.AmountMode.Full)
                {
                    amountQepik = answer.Value.DueQepik;
                }

                return amountQepik > 0;
            }

            await PauseAsync(attempt + 1);
        }

        return false;
    }

    /// <summary>The first move, by the script.</summary>
    private async Task<string?> BeginAsync()
    {
        switch (payer.Script)
        {
            case Script.CancelsUnseen:
                cancelling = true;
                return null;
            case Script.PaysTwice:
                var first = PayAsync(0);
                var second = PayAsync(1);
                return Of(await first) ?? Of(await second);
            case Script.CancelsAtOnce:
                var paying = PayAsync(AnyNode);
                var cancel = counter.CancelAsync(payer.Reference, AnyNode, Long, stop);
                return Of(await paying) ?? Of(await cancel);
            default:
                return Of(await PayAsync(AnyNode));
        }
    }

    private async Task<string?> AskOnceAsync()
    {
        if (payer.Script == Script.CancelsLater && !cancelled && TimeProvider.System.GetElapsedTime(since) > CancelsAfter)
        {
            cancelled = cancelling = true;
        }

        if (cancelling)
        {
            var answer = await counter.CancelAsync(payer.Reference, AnyNode, Long, stop);
            if (answer is { Code: 413 })
            {
                // Too late: it may still become anything, and is looked at until it has.
                cancelling = false;
                seen = true;
            }

            return Of(answer);
        }

        return seen && random.Next(10) < 8
            ? Of(await counter.LookAsync(payer.Reference, AnyNode, random.Next(3) == 0 ? 0 : 5, Long, stop))
            : Of(await PayAsync(AnyNode));
    }

    private async Task<string?> AfterwardsAsync(string final)
    {
        switch (payer.Script)
        {
            case Script.CancelsUnseen or Script.RepeatsAfterwards:
                await PayAsync(AnyNode);
                break;
            case Script.Reverses when final == "Confirmed":
                final = await ReverseAsync();
                break;
            case Script.ChangesAfterwards:
                await counter.PayAsync(payer, AnyNode, amountQepik + 1, inquiry, Long, stop);
                break;
        }

        counter.Log.End(payer.Reference, final);
        return final;
    }

    /// <summary>Asks for the money back until that was answered, and looks until there is an outcome.</summary>
    private async Task<string> ReverseAsync()
    {
        var answered = false;
        for (var attempt = 0; ; attempt++)
        {
            if (attempt > 0)
            {
                await PauseAsync(attempt);
            }

            var answer = answered
                ? await counter.LookAsync(payer.Reference, AnyNode, 5, Long, stop)
                : await counter.ReverseAsync(payer.Reference, AnyNode, Long, stop);
            if (answered && answer is { State: { } state, Final: true })
            {
                return state;
            }

            answered |= answer is { State: not null } or { Code: 411 };
        }
    }

    private async Task<Answer?> PayAsync(int node)
    {
        var answer = await counter.PayAsync(payer, node, amountQepik, inquiry, patience, stop);
        if (answer is null && patience < Long)
        {
            // Whoever never waits long enough never hears anything.
            patience *= 2;
        }

        return answer;
    }

    /// <summary>The final state in an answer, or null: go on.</summary>
    private string? Of(Answer? answer)
    {
        if (answer is not { } said)
        {
            return null;
        }

        if (said.State is { } state)
        {
            seen = true;
            return said.Final ? state : null;
        }

        if (said.Refused && said.Code is not (413 or 414))
        {
            // It speaks of this request only. A terminal that has had enough makes sure that nothing will happen.
            refusals++;
            if (!said.Transient || refusals >= MostRefusals)
            {
                cancelling = true;
            }
        }

        return null;
    }

    private Task PauseAsync(int attempt)
    {
        var most = Math.Min(2_000, 100 << Math.Min(attempt, 5));
        return Task.Delay(random.Next(most / 2, most), stop);
    }
}
