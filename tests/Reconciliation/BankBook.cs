using System.Globalization;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Tests.Reconciliation;

/// <summary>A booking of a statement that a test puts straight into the tables; it is booked on the statement's last day.</summary>
internal sealed record Said(long Minor, string? EndToEnd = null, string? Reference = null, string? From = null)
{
    public LocalDate? Day { get; init; }

    public LocalDate? ValueDay { get; init; }

    public string? Message { get; init; }

    public string? Block { get; init; }
}

/// <summary>Statements, payouts and deposits that a test puts straight into the tables, on days that are long past.</summary>
internal static class BankBook
{
    public const string Manat = "AZ21NABZ00000000137010001944";
    public const string Dollar = "AZ45NABZ00000000137010001840";
    public const string Receiver = "AZ96AZEJ00000000001234567890";
    public const string Payer = "AZ37PAHA38050230000000000944";

    private static int count;

    public static SettlementTerms Terms { get; } = new(
        new Payer("MHM", "1234567891"),
        [new OwnAccount(Manat, "NABZAZ2X", "200004", "AZN", "main"), new OwnAccount(Dollar, "NABZAZ2X", "200004", "USD", "dollars")], [],
        [new AgentTerms("a1", false, 0, false, [Payer])]);

    /// <summary>A statement of the days from <paramref name="from"/> to <paramref name="to"/>, which came on the last of them.</summary>
    public static Task SayAsync(
        RegisterBook book, string account, LocalDate from, LocalDate to, (long Opening, long Closing)? balances, params Said[] said) =>
        SayAsync(book, account, "camt.053.001.08", from, to, balances, said);

    public static async Task SayAsync(
        RegisterBook book, string account, string message, LocalDate from, LocalDate to, (long Opening, long Closing)? balances,
        params Said[] said)
    {
        var name = Invariant($"statement-{Interlocked.Increment(ref count)}");
        var currency = account == Dollar ? "USD" : "AZN";
        await book.Database.ExecuteAsync(Invariant($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by, imported_at)
                values ('statement', '{name}', sha256('{name}'), 1, '{message}', 'command', 'test', timestamptz '{Day(to)} 12:00+04')
                returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, opening_minor, closing_minor, entries,
                    intraday)
                select f.file_id, 1, '{message}', '{account}', '{currency}', '{Day(from)}', '{Day(to)}', {Number(balances?.Opening)},
                    {Number(balances?.Closing)}, {said.Length}, false
                from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, value_day, status, reversal,
                end_to_end_id, bank_reference, counterparty_account)
            select s.statement_id, x.no, x.no, '{account}', '{currency}', x.minor, x.day, x.value_day, 'booked', false, x.id, x.reference, x.from_account
            from s
            cross join (values (0, 0::bigint, date '{Day(to)}', date '{Day(to)}', null::text, null::text, null::text){string.Concat(said.Select((one, at) => Invariant(
                $", ({at + 1}, {one.Minor}, date '{Day(one.Day ?? to)}', date '{Day(one.ValueDay ?? one.Day ?? to)}', {Text(one.EndToEnd)}, {Text(one.Reference)}, {Text(one.From)})")))})
                as x (no, minor, day, value_day, id, reference, from_account)
            where x.no > 0
            """));
    }

    /// <summary>A payout that two people approved and no bank was told of; its id.</summary>
    public static async Task<string> ApproveAsync(RegisterBook book, long qepik, LocalDate day, string debtor = Manat)
    {
        var id = Invariant($"EGP{day:yyMMdd}-{Interlocked.Increment(ref count):000000000000}");
        await book.Database.ExecuteAsync(Invariant($"""
            set session_replication_role = replica;
            with o as (
                insert into payout (provider_id, amount_qepik, end_to_end_id, execution_day, debtor_name, debtor_iban, debtor_bic, creditor_name,
                    creditor_iban, creditor_bic, purpose, proposed_at, proposed_by)
                values (1, {qepik}, '{id}', '{Day(day)}', 'MHM', '{debtor}', 'NABZAZ2X', 'X', '{Receiver}', 'AZEJAZ22', 'x', '{Day(day)}', 'test')
                returning payout_id
            )
            insert into proposal (proposing, kind, payout_id, reason, made_by, made_at, approve_from, expires_at, state, decided_by, decided_at,
                ended_at)
            select gen_random_uuid(), 'payout', o.payout_id, 'x', 'aysel', now(), now(), now(), 'done', 'resad', now(), now()
            from o;
            set session_replication_role = origin;
            """));
        return id;
    }

    /// <summary>A payout that a bank was told of in a file of its own; its id.</summary>
    /// <param name="made">When the file was made; null: on that day.</param>
    public static async Task<string> TellAsync(
        RegisterBook book, long qepik, LocalDate day, string debtor = Manat, LocalDate? made = null)
    {
        var id = await ApproveAsync(book, qepik, day, debtor);
        await book.Database.ExecuteAsync(Invariant($"""
            set session_replication_role = replica;
            with f as (
                insert into payout_file (message_id, format, payouts, total_qepik, sha256, body, made_at, made_by)
                values ('{id.Replace("EGP", "EGPF", StringComparison.Ordinal)}', 'pain.001.001.09', 1, {qepik}, sha256('x'), 'x',
                    '{Day(made ?? day)} 12:00+04', 'test')
                returning payout_file_id
            )
            insert into payout_in_file (payout_id, payout_file_id)
            select o.payout_id, f.payout_file_id
            from f
            join payout o on o.end_to_end_id = '{id}';
            set session_replication_role = origin;
            """));
        return id;
    }

    /// <summary>Payouts that a bank was told of in one file, in its blocks.</summary>
    public static async Task TellFileAsync(RegisterBook book, string messageId, params (long Qepik, LocalDate Day, int Block)[] payouts)
    {
        var ids = new List<string>();
        foreach (var (qepik, day, _) in payouts)
        {
            ids.Add(await ApproveAsync(book, qepik, day));
        }

        await book.Database.ExecuteAsync(Invariant($"""
            set session_replication_role = replica;
            with f as (
                insert into payout_file (message_id, format, payouts, total_qepik, sha256, body, made_at, made_by)
                values ('{messageId}', 'pain.001.001.09', {payouts.Length}, {payouts.Sum(one => one.Qepik)}, sha256('x'), 'x',
                    '{Day(payouts.Min(one => one.Day))} 12:00+04', 'test')
                returning payout_file_id
            )
            insert into payout_in_file (payout_id, payout_file_id, block_id, execution_day)
            select o.payout_id, f.payout_file_id, x.block, x.day
            from f
            cross join (values {string.Join(", ", payouts.Select((one, at) => Invariant(
                $"('{ids[at]}', '{messageId}-{one.Block:000}', date '{Day(one.Day)}')")))}) as x (id, block, day)
            join payout o on o.end_to_end_id = x.id;
            set session_replication_role = origin;
            """));
    }

    /// <summary>A deposit of agent a1 that people booked on a day.</summary>
    public static async Task DepositAsync(RegisterBook book, string reference, long qepik, LocalDate day)
    {
        (await book.Engine.Funds.TopUpAsync(RegisterBook.Agent, 1, reference, qepik, "test", null, null)).Should().BeTrue();
        await book.Database.ExecuteAsync(Invariant($"""
            set session_replication_role = replica;
            update movement set business_day = '{Day(day)}' where reference = '{reference}';
            set session_replication_role = origin;
            """));
    }

    /// <summary>What is open after a look, in words.</summary>
    public static async Task<string> LookAsync(RegisterBook book, SettlementTerms? terms = null)
    {
        (await new ReconcileBank(book.Engine).RunAsync(terms ?? Terms, "test")).Should().NotBeNull();
        return await book.Database.AskAsync<string>("""
            select coalesce(string_agg(kind || ' ' || amount_at_risk_qepik, ', ' order by kind, amount_at_risk_qepik), '')
            from break_now
            where state <> 'settled' and kind <> 'BalanceDiffers'
            """) ?? "";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Day(LocalDate day) => LocalDatePattern.Iso.Format(day);

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "null";

    private static string Text(string? text) => text is null ? "null" : $"'{text}'";
}
