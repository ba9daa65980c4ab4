using System.Runtime.CompilerServices;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Days;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Providers.Register;

/// <summary>What one round of register delivery did.</summary>
public sealed record RegisterRound(int Written, int HandedOver, int Acknowledged, int RejectedLines);

/// <summary>
/// Delivers registers: when a window has closed, writes each provider's file from the ledger, hands it over, and reads what the
/// receiver says of it. What is due stands in the tables, so a round that is run twice, or by two nodes, does its work once.
/// </summary>
public sealed class DeliverRegisters(
    NpgsqlDataSource database, Func<CatalogueSnapshot> catalogue, RegisterFolder folder, HandOverRegister handOver,
    ILogger<DeliverRegisters> log)
{
    /// <summary>Registers without an acknowledgement that are held at once.</summary>
    private const int PageSize = 500;

    private static readonly string DueRegisters = Sql.Load("Register/DueRegisters.sql");
    private static readonly string ReadLines = Sql.Load("Register/ReadLines.sql");
    private static readonly string FindRegister = Sql.Load("Register/FindRegister.sql");
    private static readonly string EnterFile = Sql.Load("Register/EnterFile.sql");
    private static readonly string FindUnacknowledged = Sql.Load("Register/FindUnacknowledged.sql");
    private static readonly string EnterAcknowledgement = Sql.Load("Register/EnterAcknowledgement.sql");

    /// <summary>One round of the schedule's.</summary>
    public Task<RegisterRound> RoundAsync(CancellationToken cancel) => RoundAsync(null, null, cancel);

    /// <summary>One round. Another node in a round of its own makes this one do nothing.</summary>
    /// <param name="by">Who wants it now; null: the schedule.</param>
    /// <param name="tell">Hears how far it is.</param>
    public async Task<RegisterRound> RoundAsync(Person? by, TellProgress? tell, CancellationToken cancel)
    {
        if (by is not null)
        {
            await ActRecord.RecordAsync(database, by, Acts.RegisterSend, "registers that are due", [], cancel);
        }

        await using var turn = await database.OpenConnectionAsync(cancel);
        await using (var take = new NpgsqlCommand("select pg_try_advisory_lock(7304, 0)", turn))
        {
            if (await take.ExecuteScalarAsync(cancel) is not true)
            {
                return new RegisterRound(0, 0, 0, 0);
            }
        }

        try
        {
            var providers = catalogue().Providers.Where(TakesRegisters).ToList();
            var written = await WriteDueAsync(providers, tell, cancel);
            var handedOver = 0;
            var taking = providers.Where(one => one.Protocol == "register").ToList();
            foreach (var (at, provider) in taking.Index())
            {
                await (tell?.Invoke(50 + (40 * at / taking.Count), $"handing over to {provider.Code}") ?? Task.CompletedTask);
                handedOver += await handOver.RunAsync(provider, cancel);
            }

            await (tell?.Invoke(90, "reading acknowledgements") ?? Task.CompletedTask);
            var (acknowledged, rejected) = await ReadAcknowledgementsAsync(cancel);
            return new RegisterRound(written, handedOver, acknowledged, rejected);
        }
        finally
        {
            await using var give = new NpgsqlCommand("select pg_advisory_unlock(7304, 0)", turn);
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Sends the register of a window once more: the same bytes as the first time, written anew from the ledger where the file is gone. Null:
    /// the window has no register. It stands in the record of acts, before it leaves. True: handed over by HTTP and acknowledged; false: it lies in the folder.
    /// </summary>
    /// <exception cref="InvalidDataException">It would not be the same any more: the provider's mapping was changed since, or the file was.</exception>
    public async Task<bool?> AgainAsync(Person by, ProviderSettings provider, short group, LocalDate day, CancellationToken cancel)
    {
        string name, hash;
        await using (var find = database.CreateCommand(FindRegister))
        {
            find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = provider.Id });
            find.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
            find.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
            await using var reader = await find.ExecuteReaderAsync(cancel);
            if (!await reader.ReadAsync(cancel))
            {
                return null;
            }

            (name, hash) = (reader.GetString(0), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(1)));
        }

        if (!File.Exists(folder.OutPath(provider.Code, name)))
        {
            await WriteAsync(provider, group, day, name.EndsWith(".csv", StringComparison.Ordinal), cancel);
        }

        if (!File.Exists(folder.OutPath(provider.Code, name)) || await WriteRegister.HashAsync(folder.OutPath(provider.Code, name), cancel) != hash)
        {
            throw new InvalidDataException($"The register {name} would not be what was sent: its form or its file was changed since.");
        }

        await ActRecord.RecordAsync(
            database, by, Acts.RegisterSend, FormattableString.Invariant($"register {provider.Code} C{group}:{LocalDatePattern.Iso.Format(day)}"),
            [("file", name), ("sha256", hash)], cancel);
        return provider.Protocol == "register" && await handOver.AgainAsync(provider, name, cancel);
    }

    /// <summary>Who takes nothing but files, and who takes them beside what it is asked online.</summary>
    private static bool TakesRegisters(ProviderSettings provider) => provider.Protocol == "register" || provider.Register is not null;

    private async Task<int> WriteDueAsync(List<ProviderSettings> providers, TellProgress? tell, CancellationToken cancel)
    {
        await new SettlementWindows(database).ReckonAsync(cancel);
        var due = new List<(int ProviderId, short Group, LocalDate Day, bool Budget)>();
        await using (var command = database.CreateCommand(DueRegisters))
        {
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. providers.Select(provider => provider.Id)] });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                due.Add((reader.GetInt32(0), reader.GetInt16(1), reader.GetLocalDate(2), reader.GetBoolean(3)));
            }
        }

        var written = 0;
        foreach (var (at, (providerId, group, day, budget)) in due.Index())
        {
            await (tell?.Invoke(50 * at / due.Count, FormattableString.Invariant(
                $"writing register {at + 1} of {due.Count}: C{group}:{LocalDatePattern.Iso.Format(day)}")) ?? Task.CompletedTask);
            try
            {
                await WriteAsync(providers.Single(one => one.Id == providerId), group, day, budget, cancel);
                written++;
            }
            catch (Exception failure) when (failure is not OperationCanceledException && failure is not NpgsqlException)
            {
                // One receiver's bad line or file keeps no other receiver waiting.
                log.RegisterRoundFailed(failure);
            }
        }

        return written;
    }

    private async Task WriteAsync(ProviderSettings provider, short group, LocalDate day, bool budget, CancellationToken cancel)
    {
        var register = new RegisterOf(
            provider.Code, FormattableString.Invariant($"C{group}"), day, provider.Zone,
            budget ? RegisterForm.Csv : RegisterForm.Tab, provider.Register);
        var file = await WriteRegister.RunAsync(folder, register, LinesAsync(provider, group, day, cancel), cancel);
        await using var enter = database.CreateCommand(EnterFile);
        enter.Parameters.Add(new NpgsqlParameter<int> { TypedValue = provider.Id });
        enter.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        enter.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
        enter.Parameters.Add(new NpgsqlParameter<string> { TypedValue = register.FileName });
        enter.Parameters.Add(new NpgsqlParameter<int> { TypedValue = file.Count });
        enter.Parameters.Add(new NpgsqlParameter<long> { TypedValue = file.AmountQepik });
        enter.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Convert.FromHexString(file.Sha256) });
        await enter.ExecuteNonQueryAsync(cancel);
        log.RegisterWritten(provider.Code, register.FileName, file.Count);
    }

    private async IAsyncEnumerable<RegisterLine> LinesAsync(
        ProviderSettings provider, short group, LocalDate day, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReadLines);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = provider.Id });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return new RegisterLine(
                reader.GetInt64(0),
                reader.GetInt32(1),
                reader.GetString(2),
                StoredText.Fields(reader.IsDBNull(3) ? null : reader.GetString(3)),
                reader.GetInt64(4),
                // An online provider dates a payment by the txn_date that it was given, which is when it was accepted.
                reader.GetInstant(provider.Protocol == "register" ? 5 : 8),
                reader.IsDBNull(6) ? null : reader.GetString(6),
                reader.IsDBNull(7) ? null : reader.GetString(7));
        }
    }

    private async Task<(int Acknowledged, int Rejected)> ReadAcknowledgementsAsync(CancellationToken cancel)
    {
        var (acknowledged, rejected) = (0, 0);
        var last = new Waiting(0, 0, DateOnly.MinValue, "", 0, 0);
        while (await WaitingAsync(last, cancel) is { Count: > 0 } page)
        {
            foreach (var one in page)
            {
                if (await ReadAcknowledgementAsync(one, cancel) is { } refused)
                {
                    acknowledged++;
                    rejected += refused;
                }
            }

            last = page[^1];
        }

        return (acknowledged, rejected);
    }

    private async Task<List<Waiting>> WaitingAsync(Waiting after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindUnacknowledged);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after.ProviderId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = after.Group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = after.Day });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PageSize });
        var page = new List<Waiting>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            page.Add(new Waiting(
                reader.GetInt32(0), reader.GetInt16(1), reader.GetFieldValue<DateOnly>(2), reader.GetString(3),
                reader.GetInt32(4), reader.GetInt64(5)));
        }

        return page;
    }

    /// <summary>Reads what the receiver said of one register: how many lines it refused; null: nothing that can be read.</summary>
    private async Task<int?> ReadAcknowledgementAsync(Waiting one, CancellationToken cancel)
    {
        var (providerId, group, day, file, payments, totalQepik) = one;
        if (catalogue().Provider(providerId) is not { } provider
            || !File.Exists(folder.AckPath(provider.Code, file)))
        {
            return null;
        }

        var path = folder.AckPath(provider.Code, file);
        Acknowledgement said;
        using (var text = new StreamReader(path))
        {
            said = ReadAcknowledgement.Read(text);
        }

        var fault = said.Fault ?? (said.AcceptedCount + said.RejectedCount != payments
            || said.AcceptedQepik + said.RejectedQepik != totalQepik ? "its totals are not the register's" : null);
        if (fault is not null)
        {
            // Set aside, so that the register is handed over again and somebody can look at what came back.
            log.AcknowledgementNotRead(provider.Code, file, fault);
            File.Move(path, path + ".bad", overwrite: true);
            return null;
        }

        var refused = said.Lines.Where(line => !line.Accepted).ToList();
        await using var enter = database.CreateCommand(EnterAcknowledgement);
        enter.Parameters.Add(new NpgsqlParameter<int> { TypedValue = providerId });
        enter.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        enter.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day });
        enter.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. refused.Select(line => line.Number)] });
        enter.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. refused.Select(line => line.Reason ?? "")] });
        await enter.ExecuteNonQueryAsync(cancel);
        log.RegisterAcknowledged(provider.Code, file, refused.Count);
        return refused.Count;
    }

    /// <summary>A register that nobody has acknowledged.</summary>
    private sealed record Waiting(int ProviderId, short Group, DateOnly Day, string File, int Payments, long TotalQepik);
}
