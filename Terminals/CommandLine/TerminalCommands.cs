using System.CommandLine;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay point …` and `egovpay terminal …`: where money is taken, and with which keys.</summary>
internal static class TerminalCommands
{
    private const int LongestGraceMinutes = 7 * 24 * 60;

    public static Verb BuildPoint() => new Verb("point", "Service points of an agent: branches, desks, post offices.")
        .With(AddPoint());

    public static Verb BuildTerminal() =>
        new Verb("terminal", "Terminals: tellers' seats, kiosks, the portal's back end.")
        .With(AddTerminal(), Suspend(), RotateKey(), TerminalLimits.Build());

    private static Option<string> AgentOption() => new("--agent")
    {
        Description = "the agent's code", HelpName = "CODE", Required = true,
    };

    private static Verb AddPoint()
    {
        var code = AgentCommands.CodeArgument("point");
        var agent = AgentOption();
        var name = AgentCommands.NameOption("point");
        var address = new Option<string?>("--address")
        {
            Description = "its address, as receipts print it", HelpName = "TEXT",
        };
        var json = Print.JsonOption();
        return new Verb(
                "add", "Makes a service point.",
                "egovpay point add nizami --agent btb --name \"Nizami filialı\" --address \"Bakı, Nizami küç. 10\"")
            .With(code, agent, name, address, json)
            .Does(Acts.PointAdd, async (parsed, cancel) =>
            {
                var (point, owner) = (
                    AgentCommands.GoodCode(parsed.GetValue(code)!, "a point"), parsed.GetValue(agent)!);
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var (agentId, _) = await AgentCommands.FindAsync(desk.Store.Database, owner);
                if (await desk.Administer.AddPointAsync(
                    agentId, point, parsed.GetValue(name)!, parsed.GetValue(address)) is not { } id)
                {
                    throw new CommandException(
                        $"The agent '{owner}' has a point '{point}' already. Choose another code.");
                }

                await AgentCommands.SayAsync(parsed, json, $"Point {point} of {owner} is made.", line =>
                {
                    line.WriteString("agent", owner);
                    line.WriteString("point", point);
                    line.WriteNumber("pointId", id);
                });
                return Exit.Done;
            });
    }

    private static Verb AddTerminal()
    {
        var code = AgentCommands.CodeArgument("terminal");
        var agent = AgentOption();
        var point = new Option<string>("--point")
        {
            Description = "the point's code", HelpName = "CODE", Required = true,
        };
        var name = AgentCommands.NameOption("terminal");
        var single = Print.AmountOption("--single-limit", "the most of one payment with its fee");
        var daily = Print.AmountOption("--daily-limit", "the most of one business day");
        var services = AgentCommands.ServicesOption();
        var signed = new Option<bool>("--signed") { Description = "each request must be signed (RFC 9421)" };
        var publicKey = new Option<string?>("--public-key")
        {
            Description = "with --signed: PEM of its ECDSA P-256 public key; default: hmac-sha256", HelpName = "FILE",
        };
        var shifts = new Option<bool>("--shifts") { Description = "it takes payments only in an open shift" };
        var json = Print.JsonOption();
        return new Verb(
                "add", "Makes a terminal and prints its key, once: the database keeps only a hash.",
                "egovpay terminal add btb-nizami-1 --agent btb --point nizami --name \"Kassa 1\" --single-limit "
                + "3000.00",
                "egovpay terminal add sebeke-2 --agent sebeke --point xezer --name \"Masa 2\" --shifts --json")
            .With(code, agent, point, name, single, daily, services, signed, publicKey, shifts, json)
            .Does(Acts.TerminalAdd, async (parsed, cancel) =>
            {
                var (terminal, owner) = (
                    AgentCommands.GoodCode(parsed.GetValue(code)!, "a terminal"), parsed.GetValue(agent)!);
                var pem = parsed.GetValue(publicKey) is { } file ? ReadPublicKey(file, parsed.GetValue(signed)) : null;
                var asked = new NewTerminal(
                    terminal, parsed.GetValue(name)!, parsed.GetValue(single), parsed.GetValue(daily),
                    AgentCommands.Services(parsed.GetValue(services)), parsed.GetValue(signed), pem, parsed.GetValue(
                        shifts));
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var (agentId, parts) = await AgentCommands.FindAsync(desk.Store.Database, owner);
                if (parts > 1 && (asked.DailyLimitQepik is not null || asked.ShiftRequired))
                {
                    throw CommandException.Usage(
                        $"The agent '{owner}' has parts, so its terminals have neither shifts nor daily limits.");
                }

                var pointId = await PointIdAsync(desk.Store.Database, agentId, owner, parsed.GetValue(point)!, cancel);
                var source = SourceOfSignatures(parsed, desk.Store, asked.Signed && pem is null);
                var key = await desk.Administer.AddTerminalAsync(agentId, pointId, asked) ?? throw new CommandException(
                    $"The terminal code '{terminal}' is taken; codes are unique over all agents. Choose another.");
                await SayKeyAsync(parsed, json, terminal, key, await SignatureAsync(desk.Store, source, terminal, cancel));
                return Exit.Done;
            });
    }

    private static Verb Suspend()
    {
        var code = AgentCommands.CodeArgument("terminal");
        var resume = new Option<bool>("--resume") { Description = "let it go on" };
        return new Verb(
                "suspend", "Suspends a terminal: it may read and cancel, and not pay.",
                "egovpay terminal suspend btb-nizami-1", "egovpay terminal suspend btb-nizami-1 --resume")
            .With(code, resume)
            .Does(Acts.TerminalSuspend, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var (terminal, suspended) = (parsed.GetValue(code)!, !parsed.GetValue(resume));
                if (!await desk.Administer.SuspendTerminalAsync(terminal, suspended))
                {
                    throw NoTerminal(terminal);
                }

                await parsed.InvocationConfiguration.Output.WriteLineAsync(
                    suspended ? $"Terminal {terminal} is suspended." : $"Terminal {terminal} goes on.");
                return Exit.Done;
            });
    }

    private static Verb RotateKey()
    {
        var code = AgentCommands.CodeArgument("terminal");
        var grace = new Option<int>("--grace-minutes")
        {
            Description = "how long the old key stays good, 0 to a week", HelpName = "NUMBER",
            DefaultValueFactory = _ => 60,
        };
        var json = Print.JsonOption();
        return new Verb(
                "rotate-key", "Gives a terminal a new key and prints it, once.",
                "egovpay terminal rotate-key btb-nizami-1",
                "egovpay terminal rotate-key btb-nizami-1 --grace-minutes 0")
            .With(code, grace, json)
            .Does(Acts.TerminalRotateKey, async (parsed, cancel) =>
            {
                if (parsed.GetValue(grace) is < 0 or > LongestGraceMinutes)
                {
                    throw CommandException.Usage($"--grace-minutes: 0 to {LongestGraceMinutes}.");
                }

                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var terminal = parsed.GetValue(code)!;
                var signs = await SignsWithOurSecretAsync(desk.Store, terminal, cancel) ?? throw NoTerminal(terminal);
                var source = SourceOfSignatures(parsed, desk.Store, signs);
                var key = await desk.Administer.RotateKeyAsync(terminal, parsed.GetValue(grace))
                    ?? throw new CommandException(
                        $"Terminal {terminal} was given a key lately, and the one before is still good; another change would end "
                        + "that one at once. Wait until its time is over, or say --grace-minutes 0: then only the new key is good.");
                await SayKeyAsync(parsed, json, terminal, key, await SignatureAsync(desk.Store, source, terminal, cancel));
                return Exit.Done;
            });
    }

    private static Task SayKeyAsync(ParseResult parsed, Option<bool> json, string terminal, string key, string? signature) =>
        AgentCommands.SayAsync(
            parsed, json,
            $"Terminal {terminal}, its key (shown this once): {key}"
            + (signature is null ? "" : $"\nThe secret of its signatures, hmac-sha256, base64: {signature}"),
            line =>
            {
                line.WriteString("terminal", terminal);
                line.WriteString("key", key);
                line.WriteString("signatureSecret", signature);
            });

    /// <summary>
    /// What the secrets of terminals that sign by hmac-sha256 are derived from: the server's own, taken before anything is
    /// changed, so that a key that is changed is also shown. Null: this terminal signs otherwise or not at all.
    /// </summary>
    private static byte[]? SourceOfSignatures(ParseResult parsed, Store store, bool needed) =>
        needed ? ServerSecret.Take(ReadSettings.From(parsed), store.Home, make: false) : null;

    private static async Task<string?> SignatureAsync(
        Store store, byte[]? source, string terminal, CancellationToken cancel)
    {
        if (source is null)
        {
            return null;
        }

        await using var find = store.Database.CreateCommand("select terminal_id, key_generation from terminal where code = $1");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = terminal });
        await using var reader = await find.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var purpose = FormattableString.Invariant($"terminal:{reader.GetInt32(0)}:{reader.GetInt32(1)}");
        return Convert.ToBase64String(Engine.Derive(source, purpose));
    }

    /// <summary>It signs with a secret that is derived; null: there is no such terminal.</summary>
    private static async Task<bool?> SignsWithOurSecretAsync(Store store, string terminal, CancellationToken cancel)
    {
        await using var find = store.Database.CreateCommand(
            "select signed and public_key is null from terminal where code = $1");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = terminal });
        return await find.ExecuteScalarAsync(cancel) as bool?;
    }

    internal static CommandException NoTerminal(string terminal) => new($"There is no terminal '{terminal}'.");

    private static byte[] ReadPublicKey(string file, bool signed)
    {
        if (!signed)
        {
            throw CommandException.Usage("--public-key goes with --signed.");
        }

        try
        {
            using var key = System.Security.Cryptography.ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(file));
            return key.KeySize == 256 ? key.ExportSubjectPublicKeyInfo()
                : throw CommandException.Usage($"{file} has a key of {key.KeySize} bits; it is to be one on P-256.");
        }
        catch (Exception wrong) when (
            wrong is IOException or UnauthorizedAccessException or ArgumentException
                or System.Security.Cryptography.CryptographicException)
        {
            throw CommandException.Usage(
                $"{file} is no PEM of an ECDSA P-256 public key: {wrong.Message} Make one with: openssl ec -in "
                + $"key.pem -pubout");
        }
    }

    internal static async Task<int> PointIdAsync(
        NpgsqlDataSource database, int agentId, string owner, string point, CancellationToken cancel)
    {
        await using var find = database.CreateCommand("select point_id from point where agent_id = $1 and code = $2");
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = point });
        return await find.ExecuteScalarAsync(cancel) as int? ?? throw new CommandException(
            $"The agent '{owner}' has no point '{point}'. Make it: egovpay point add {point} --agent {owner} --name …");
    }
}
