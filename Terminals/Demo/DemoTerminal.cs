using EGovPay.Processing.Catalogue;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// One terminal of the demo, over the real HTTP API with a connection pool of its own: it serves its payers some at a
/// time, sends the same request again until it is answered, and keeps what it was told.
/// </summary>
internal sealed class DemoTerminal : IDisposable
{
    /// <summary>Payers served at once; whoever is known to wait long is served beside them.</summary>
    private const int Seats = 5;
    private const int WaitingRoom = 200;

    private readonly TaskCompletionSource attended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DemoDesk desk;
    private readonly DemoWire wire;
    private readonly DemoTally tally;
    private readonly CancellationToken stop;

    public DemoTerminal(Uri server, DemoDesk desk, DemoTally tally, CancellationToken stop)
    {
        wire = new DemoWire(server, desk, tally, stop);
        this.desk = desk;
        this.tally = tally;
        this.stop = stop;
    }

    /// <summary>Ends when every payer has been attended to; who met silence may still be waiting for the truth.</summary>
    public Task Attended => attended.Task;

    /// <summary>Serves its payers, in their order as far as several seats go.</summary>
    public async Task ServeAsync(IReadOnlyList<Planned> payers)
    {
        await OpenShiftAsync();
        var next = -1;
        using var room = new SemaphoreSlim(WaitingRoom);
        var waiting = new System.Collections.Concurrent.ConcurrentBag<Task>();
        async Task SeatAsync()
        {
            int at;
            while ((at = Interlocked.Increment(ref next)) < payers.Count)
            {
                var payer = payers[at];
                if (!payer.Slow)
                {
                    await PlayAsync(payer);
                    continue;
                }

                await room.WaitAsync(stop);
                waiting.Add(PlayAsync(payer).ContinueWith(
                    played =>
                    {
                        room.Release();
                        return played;
                    }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default).Unwrap());
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Seats).Select(_ => SeatAsync()));
        attended.SetResult();
        await Task.WhenAll(waiting);
        await CloseShiftAsync();
    }

    public void Dispose() => wire.Dispose();

    private async Task PlayAsync(Planned payer)
    {
        try
        {
            await (payer.Scene switch
            {
                Scene.Refused => BeRefusedAsync(payer),
                Scene.Cancels => CancelUnseenAsync(payer),
                Scene.SpeaksOsmp => PayByOsmpAsync(payer),
                _ => PayAsync(payer),
            });
        }
        catch (TimeoutException late)
        {
            tally.Surprise($"{payer.Reference} ({payer.Scene}): {late.Message}");
        }

        tally.Finish(payer.Scene);
    }

    private async Task PayAsync(Planned payer)
    {
        var (amount, inquiry) = (payer.AmountQepik, (string?)null);
        if (payer.Asks)
        {
            var quote = await wire.SendAsync(HttpMethod.Post, "/v1/inquiries", DemoRequests.InquiryBody(payer));
            if (quote.Status != 200)
            {
                tally.Surprise(
                    $"{payer.Reference}: the inquiry for {payer.Service.CodeText} was answered {quote.Status} "
                    + $"{quote.Code}");
                return;
            }

            inquiry = quote.Inquiry;
            amount = payer.Rule.Mode == AmountMode.Full ? quote.DueQepik
                : Math.Clamp(amount, quote.MinQepik, quote.MaxQepik);
        }

        var path = $"/v1/payments/{payer.Reference}";
        var body = DemoRequests.PaymentBody(payer, amount, inquiry);
        var answer = await UntilFinalAsync(path, await wire.SendAsync(HttpMethod.Put, path, body));
        if (answer.State is null)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}, {payer.Service.CodeText}): answered {answer.Status} {answer.Code}");
            return;
        }

        tally.Told[payer.Reference] = answer.State;
        Expect(payer, answer.State, payer.Scene == Scene.Declined ? "Declined" : "Confirmed");
        switch (payer.Scene)
        {
            case Scene.Repeats:
                var again = await wire.SendAsync(HttpMethod.Put, path, body);
                if (again.Status != 200 || again.Number != answer.Number || again.State != answer.State)
                {
                    tally.Surprise(
                        $"{payer.Reference}: the repeat was answered {again.Status} {again.Number} {again.State}");
                }

                break;
            case Scene.ChangesRepeat:
                ExpectCode(payer, await wire.SendAsync(HttpMethod.Put, path, DemoRequests.PaymentBody(payer, amount + 1, inquiry)), 140);
                break;
            case Scene.TakesReceipt:
                await TakeReceiptAsync(payer, path);
                break;
            case Scene.TakesBack:
                await TakeBackAsync(payer, path);
                break;
            case Scene.CancelsTooLate:
                ExpectCode(payer, await wire.SendAsync(HttpMethod.Post, path + "/cancel", default), 413);
                break;
        }
    }

    /// <summary>The payer comes back. The provider's word is awaited; cash that is then owed goes out of this drawer.</summary>
    private async Task TakeBackAsync(Planned payer, string path)
    {
        var asked = await wire.SendAsync(HttpMethod.Post, path + "/reversal", DemoRequests.ReversalBody("səhv hesab"));
        var answer = await UntilFinalAsync(path, asked);
        tally.Told[payer.Reference] = answer.State ?? "";
        if (answer.State is not ("Reversed" or "Confirmed"))
        {
            Expect(payer, answer.State, "Reversed");
        }
        else if (answer.State == "Reversed" && desk.Shifts && DemoRequests.IsCash(payer))
        {
            Expect(payer, (await wire.SendAsync(HttpMethod.Post, path + "/cash-returned", default)).State, "Reversed");
        }
    }

    /// <summary>A desk with shifts opens one; after a crash it may find its own still open.</summary>
    private async Task OpenShiftAsync()
    {
        if (desk.Shifts)
        {
            var opened = await wire.SendAsync(
                HttpMethod.Post, "/v1/shifts", DemoRequests.ShiftOpened("Aygün Məmmədova", floatQepik: 5_000));
            if (opened is not ({ Status: 201 } or { Code: 415 }))
            {
                tally.Surprise($"{desk.Terminal}: the shift did not open: {opened.Status} {opened.Code}");
            }
        }
    }

    /// <summary>Counts the till, closes the shift, and finds it right to the qəpik.</summary>
    private async Task CloseShiftAsync()
    {
        if (desk.Shifts)
        {
            var current = await wire.SendAsync(HttpMethod.Get, "/v1/shifts/current", default);
            var closed = await wire.SendAsync(
                HttpMethod.Post, "/v1/shifts/current/close", DemoRequests.ShiftClosed(current.ExpectedCashQepik));
            if (current.Status != 200 || closed is not { Status: 200, DifferenceQepik: 0 })
            {
                tally.Surprise($"{desk.Terminal}: the shift did not close: {closed.Status} {closed.Code}");
            }
        }
    }

    /// <summary>The receipt in one of its forms.</summary>
    private async Task TakeReceiptAsync(Planned payer, string path)
    {
        var (accept, begins) = (payer.Choice % 3) switch
        {
            0 => ("application/pdf", "%PDF-"),
            1 => ("application/json", "{"),
            _ => ("text/plain", ""),
        };
        var (status, body) = await wire.GetAsync(path + "/receipt", accept);
        if (status != 200 || !body.AsSpan().StartsWith(System.Text.Encoding.ASCII.GetBytes(begins)))
        {
            tally.Surprise($"{payer.Reference}: no receipt as {accept}: {status}");
        }
    }

    /// <summary>The same engine by the terminals' older protocol: the transaction is the reference.</summary>
    private async Task PayByOsmpAsync(Planned payer)
    {
        var amount = payer.AmountQepik;
        var result = await wire.PayByOsmpAsync(FormattableString.Invariant(
            $"txn_id={payer.Reference["osmp.".Length..]}&service={payer.Service.CodeText}")
            + FormattableString.Invariant(
                $"&account={Uri.EscapeDataString(payer.Account)}&sum={amount / 100}.{amount % 100:00}&trm_id=1"));
        tally.Told[payer.Reference] = result == 0 ? "Confirmed" : "Declined";
        if (result != 0)
        {
            tally.Surprise($"{payer.Reference} ({payer.Service.CodeText}): OSMP was answered {result}");
        }
    }

    /// <summary>The payer left before the request did; what arrives late finds it cancelled.</summary>
    private async Task CancelUnseenAsync(Planned payer)
    {
        var path = $"/v1/payments/{payer.Reference}";
        var cancelled = await wire.SendAsync(HttpMethod.Post, path + "/cancel", default);
        tally.Told[payer.Reference] = cancelled.State ?? "";
        Expect(payer, cancelled.State, "Cancelled");
        if (payer.Rule.Inquiry != InquiryNeed.Required)
        {
            var late = await wire.SendAsync(HttpMethod.Put, path, DemoRequests.PaymentBody(payer, payer.AmountQepik, null));
            Expect(payer, late.State, "Cancelled");
        }
    }

    /// <summary>Requests that are wrong in one of several ways; each must be refused and leave nothing.</summary>
    private async Task BeRefusedAsync(Planned payer)
    {
        var path = $"/v1/payments/{payer.Reference}";
        var amount = payer.AmountQepik;
        var (body, code) = (payer.Choice % 5) switch
        {
            0 => (DemoRequests.PaymentBody(payer, amount, null, service: "99999"), 200),
            1 => (DemoRequests.PaymentBody(payer, amount, null, account: "?"), 210),
            2 => (DemoRequests.PaymentBody(payer, amount, "no-such-inquiry"), 0),
            3 => (DemoRequests.PaymentBody(payer, amount, null, extraQepik: 7), 0),
            _ => ("{\"service\":"u8.ToArray().AsMemory(), 100),
        };
        var answer = await wire.SendAsync(HttpMethod.Put, path, body);
        if (answer.Code is < 100 or >= 300 || (code != 0 && answer.Code != code))
        {
            tally.Surprise(
                $"{payer.Reference}: a wrong request ({payer.Choice % 5}) was answered {answer.Status} {answer.Code}");
        }
    }

    private async Task<DemoAnswer> UntilFinalAsync(string path, DemoAnswer answer)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (answer is { State: not null, Final: false })
        {
            if (TimeProvider.System.GetElapsedTime(since) > DemoWire.Patience)
            {
                throw new TimeoutException($"not final after {DemoWire.Patience.TotalMinutes:0} minutes");
            }

            answer = await wire.SendAsync(HttpMethod.Get, path + "?wait=20", default);
        }

        return answer;
    }

    private void Expect(Planned payer, string? state, string expected)
    {
        if (state != expected)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}, {payer.Service.CodeText}): {state ?? "no state"} instead of "
                + $"{expected}");
        }
    }

    private void ExpectCode(Planned payer, DemoAnswer answer, int code)
    {
        if (answer.Code != code)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}): answered {answer.Status} {answer.Code} instead of {code}");
        }
    }
}
