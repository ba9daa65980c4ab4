using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.People;
using EGovPay.Processing.Telling;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay telling …`: how telling stands, what was given up, and sending it again.</summary>
internal static class TellingCommands
{
    private const int DefaultDead = 50;
    private const int MostDead = 1_000;
    private const int MostResent = 100_000;

    public static Verb Build() => new Verb("telling", "Telling: what subscribers and payers were not reached with.")
        .With(Status(), Dead(), Resend());

    private static Option<string?> ReceiverOption() => new("--receiver")
    {
        Description = "only this receiver's: an endpoint's number, email, sms", HelpName = "RECEIVER",
    };

    private static Verb Status()
    {
        var json = Print.JsonOption();
        return new Verb("status", "Shows what waits to be told, since when, and what was given up.", "egovpay telling status")
            .With(json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                await using var deliveries = new Deliveries(store.ConnectionString, default);
                var figures = await deliveries.FiguresAsync(cancel);
                var oldest = (long)figures.OldestUndelivered.TotalSeconds;
                await AgentCommands.SayAsync(
                    parsed, json,
                    $"{figures.Waiting} events wait, {figures.OnTheWay} deliveries are on their way, the oldest event is {oldest} s old, "
                    + $"{figures.Dead} were given up.",
                    line =>
                    {
                        line.WriteNumber("waiting", figures.Waiting);
                        line.WriteNumber("onTheWay", figures.OnTheWay);
                        line.WriteNumber("oldestSeconds", oldest);
                        line.WriteNumber("dead", figures.Dead);
                    });
                return Exit.Done;
            });
    }

    private static Verb Dead()
    {
        var receiver = ReceiverOption();
        var listing = new Listing(MostDead, DefaultDead);
        return new Verb(
                "dead", "Shows what was given up, newest first.", "egovpay telling dead",
                "egovpay telling dead --receiver 3 --limit 1000 --format csv")
            .With([receiver, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var many = listing.Ask(parsed);
                var whose = ReceiverOf(parsed.GetValue(receiver));
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                await using var deliveries = new Deliveries(store.ConnectionString, default);
                return listing.Show(
                    parsed, await deliveries.DeadAsync(many, whose, cancel),
                    ["id", "event", "whose", "happened (UTC)", ">attempts", "note"],
                    one =>
                    [
                        IdOf(one), one.Type ?? "", one.Whose ?? "payer", InstantPattern.General.Format(one.EventAt),
                        one.Attempts.ToString(CultureInfo.InvariantCulture), one.Note ?? "",
                    ],
                    Write);
            });
    }

    private static void Write(Utf8JsonWriter line, DeadLetter one)
    {
        line.WriteString("id", IdOf(one));
        line.WriteString("event", one.Type);
        line.WriteString("whose", one.Whose);
        line.WriteString("eventAt", InstantPattern.ExtendedIso.Format(one.EventAt));
        line.WriteString("deadAt", InstantPattern.ExtendedIso.Format(one.DeadAt));
        line.WriteNumber("attempts", one.Attempts);
        line.WriteString("note", one.Note);
    }

    private static Verb Resend()
    {
        var id = new Argument<string?>("id")
        {
            Description = "as `egovpay telling dead` shows it", Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "every dead letter, oldest first" };
        var receiver = ReceiverOption();
        var limit = new Option<int>("--limit")
        {
            Description = $"with --all: at most so many, 1–{MostResent}", HelpName = "NUMBER", DefaultValueFactory = _ => MostResent,
        };
        return new Verb(
                "resend", "Tries dead letters again, from the beginning. Those of an endpoint that is off stay where they are.",
                "egovpay telling resend 731000000042-1-3", "egovpay telling resend --all --receiver 3")
            .With(id, all, receiver, limit)
            .Does(Acts.TellingResend, async (parsed, cancel) =>
            {
                if (parsed.GetValue(id) is null == !parsed.GetValue(all))
                {
                    throw CommandException.Usage("Give either an id or --all.");
                }

                if (parsed.GetValue(limit) is < 1 or > MostResent)
                {
                    throw CommandException.Usage($"--limit: 1 to {MostResent}.");
                }

                var one = parsed.GetValue(id) is { } text ? Parse(text) : ((long, short, int)?)null;
                var whose = ReceiverOf(parsed.GetValue(receiver));
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                await using var deliveries = new Deliveries(desk.Store.ConnectionString, default);
                var sent = one is var (number, step, to)
                    ? await deliveries.ResendAsync(desk.Person, number, step, to, cancel) ? 1
                        : throw new CommandException($"There is no dead letter {parsed.GetValue(id)}, or its endpoint is off.")
                    : await deliveries.ResendAllAsync(desk.Person, whose, parsed.GetValue(limit), cancel);
                await parsed.InvocationConfiguration.Output.WriteLineAsync($"{sent} are tried again.");
                return Exit.Done;
            });
    }

    private static string IdOf(DeadLetter letter) => string.Create(
        CultureInfo.InvariantCulture, $"{letter.Number}-{letter.Step}-{NameOf(letter.Receiver)}");

    private static string NameOf(int receiver) => receiver switch
    {
        Receivers.Email => "email",
        Receivers.Sms => "sms",
        _ => receiver.ToString(CultureInfo.InvariantCulture),
    };

    private static (long Number, short Step, int Receiver) Parse(string text)
    {
        var parts = text.Split('-');
        return parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && short.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            ? (number, step, ReceiverOf(parts[2])!.Value)
            : throw CommandException.Usage($"'{text}' is no id of a dead letter, such as 731000000042-1-3.");
    }

    private static int? ReceiverOf(string? text) => text switch
    {
        null => null,
        "email" => Receivers.Email,
        "sms" => Receivers.Sms,
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : throw CommandException.Usage($"'{text}' is no receiver: an endpoint's number, email or sms."),
    };
}
