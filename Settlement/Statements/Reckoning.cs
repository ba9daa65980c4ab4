namespace EGovPay.Settlement.Statements;

/// <summary>
/// Stands between a reader and who takes what it reads: counts, adds up, and notes where the bank's own figures do not agree.
/// </summary>
internal sealed class Reckoning(IStatementSink sink)
{
    private StatementHead? _head;
    private Side _credit = new();
    private Side _debit = new();
    private Int128 _booked;
    private string? _currency;
    private bool _mixed;
    private long _index;

    public StatementFormat? Format { get; set; }

    public int Statements { get; private set; }

    public long Entries { get; private set; }

    /// <summary>The number that the next entry of the open statement has.</summary>
    public long NextIndex => _index;

    public ValueTask Opened(StatementHead head)
    {
        _head = head;
        Format = head.Format;
        _credit = new Side();
        _debit = new Side();
        _booked = 0;
        _currency = null;
        _mixed = false;
        _index = 0;
        Statements++;
        return sink.Opened(head);
    }

    public ValueTask Note(NoteKind kind, int line, string where, string text) =>
        sink.Noted(new StatementNote(kind, line, where, text));

    public async ValueTask Entered(StatementEntry entry)
    {
        _index++;
        Entries++;
        var side = entry.Direction == Direction.Credit ? _credit : _debit;
        side.Count++;
        side.Sum += entry.Amount.Minor;
        _booked += entry.Status == EntryStatus.Booked ? entry.SignedMinor : 0;
        _mixed |= _index > 1 && _currency != entry.Amount.Currency;
        _currency = entry.Amount.Currency;
        await sink.Entered(entry);
        if (entry.Transactions.Count > 0)
        {
            await CompareTransactions(entry);
        }
    }

    public async ValueTask Closed(StatementFoot foot)
    {
        await CompareBalances(foot.Balances);
        if (!_mixed && _head is { Page: null or "1", LastPage: not false })
        {
            foreach (var total in foot.Totals)
            {
                await CompareTotal(total);
            }
        }

        await sink.Closed(foot with { Entries = _index, BookedMinor = _booked });
        _head = null;
    }

    private async ValueTask CompareTransactions(StatementEntry entry)
    {
        var sum = (Int128)0;
        string? currency = null;
        foreach (var one in entry.Transactions)
        {
            if (one.Amount is not { } amount || (currency is not null && currency != amount.Currency))
            {
                return;
            }

            currency = amount.Currency;
            sum += one.Direction == entry.Direction ? amount.Minor : -amount.Minor;
        }

        var against = entry.Amount.Currency == currency ? entry.Amount : entry.Batch?.Total;
        if (against is { } stated && stated.Currency == currency && stated.Minor != Int128.Abs(sum))
        {
            var text = $"The {entry.Transactions.Count} transactions make {Int128.Abs(sum)} minor units, the entry or its batch says {stated.Minor}.";
            await sink.Noted(new StatementNote(
                NoteKind.TransactionsDiffer, entry.Line, "NtryDtls", text, stated.Minor - Int128.Abs(sum), currency));
        }
    }

    private async ValueTask CompareBalances(IReadOnlyList<StatementBalance> balances)
    {
        var opening = balances.LastOrDefault(balance => balance.Kind == "OPBD") ?? balances.LastOrDefault(balance => balance.Kind == "PRCD");
        var closing = balances.LastOrDefault(balance => balance.Kind == "CLBD");
        var repeated = balances.GroupBy(balance => (balance.Kind, balance.Intermediate))
            .FirstOrDefault(kind => kind.Count() > 1 && kind.Key.Kind is "OPBD" or "CLBD");
        if (repeated is not null)
        {
            await Note(NoteKind.BalanceRepeated, repeated.Last().Line, repeated.Key.Kind, "The balance stands more than once; the last counts.");
        }

        if (opening is null || closing is null)
        {
            return;
        }

        var currency = closing.Amount.Currency;
        if (opening.Amount.Currency != currency || _mixed || (_index > 0 && _currency != currency))
        {
            await Note(NoteKind.CurrenciesDiffer, closing.Line, closing.Kind,
                $"Opening in {opening.Amount.Currency}, closing in {currency}, entries in {(_mixed ? "several" : _currency ?? "none")}.");
            return;
        }

        var difference = closing.SignedMinor - (opening.SignedMinor + _booked);
        if (difference != 0)
        {
            var text = $"Opening {opening.SignedMinor} and booked {_booked} make {opening.SignedMinor + _booked} minor units, "
                + $"the closing balance is {closing.SignedMinor}.";
            await sink.Noted(new StatementNote(NoteKind.BalancesDiffer, closing.Line, closing.Kind, text, difference, currency));
        }
    }

    private async ValueTask CompareTotal(StatementTotal total)
    {
        var (count, sum) = total.Direction switch
        {
            Direction.Credit => (_credit.Count, _credit.Sum),
            Direction.Debit => (_debit.Count, _debit.Sum),
            _ => (_credit.Count + _debit.Count, _credit.Sum + _debit.Sum),
        };
        var where = total.Direction?.ToString() ?? "both";
        if (total.Count is { } stated && stated != count)
        {
            await Note(NoteKind.TotalsDiffer, total.Line, where, $"The bank counts {stated} entries, there are {count}.");
        }

        if (total.Sum is { } amount && (_index == 0 || amount.Currency == _currency) && amount.Minor != sum)
        {
            await sink.Noted(new StatementNote(NoteKind.TotalsDiffer, total.Line, where,
                $"The bank's sum is {amount.Minor} minor units, the entries make {sum}.", amount.Minor - sum, amount.Currency));
        }
    }

    private sealed class Side
    {
        public long Count { get; set; }

        public Int128 Sum { get; set; }
    }
}
