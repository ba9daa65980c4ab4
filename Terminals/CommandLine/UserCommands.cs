using System.CommandLine;
using System.Text.Json;
using EGovPay.Processing.People;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay user …`: the people who may act, with personal keys.</summary>
internal static class UserCommands
{
    public static Verb Build() => new Verb("user", "The people who may act, each with a personal key.")
        .With(Add(), Role(), Disable(), Key(), List());

    private static Argument<string> LoginArgument() => new("login") { Description = "the person's login" };

    private static Option<string> RolesOption() => new("--role")
    {
        Description = $"what they are, separated by commas: {string.Join(", ", Enum.GetValues<Role>().Select(Acts.Text))}",
        HelpName = "LIST",
        Required = true,
    };

    private static Verb Add()
    {
        var login = LoginArgument();
        var name = new Option<string>("--name") { Description = "the person's name", HelpName = "TEXT", Required = true };
        var roles = RolesOption();
        var json = Print.JsonOption();
        return new Verb(
                "add", "Makes a person and prints their key, once: the database keeps only a hash. The first is an administrator "
                + "and is made without a key.",
                "egovpay user add aysel --name \"Aysel Məmmədova\" --role administrator",
                "egovpay user add resad --name \"Rəşad Quliyev\" --role finance,supervisor")
            .With(login, name, roles, json)
            .Does(Acts.UserAdd, async (parsed, cancel) =>
            {
                var (who, called) = (parsed.GetValue(login)!, parsed.GetValue(name)!);
                if (!Users.IsLogin(who))
                {
                    throw CommandException.Usage(
                        $"'{who}' is no login: 1 to 32 small letters, digits and '-', beginning with a letter.");
                }

                if (called.Length is 0 or > 200)
                {
                    throw CommandException.Usage("--name: 1 to 200 characters.");
                }

                var given = ReadRoles(parsed.GetValue(roles)!);
                var key = PersonKey.New(who);
                switch (await AddAsync(parsed, key, who, called, given, cancel))
                {
                    case UserChange.Done:
                        await SayKeyAsync(parsed, json, who, key);
                        return Exit.Done;
                    case UserChange.NotFirst:
                        throw new CommandException("Somebody else was just made the first administrator; ask them.");
                    default:
                        throw new CommandException($"The login '{who}' is taken; it is never given to another person.");
                }
            });
    }

    /// <summary>While there is nobody, or only this one who has never used their key, no key is asked for.</summary>
    private static async Task<UserChange> AddAsync(
        ParseResult parsed, PersonKey key, string login, string name, IReadOnlyList<Role> roles, CancellationToken cancel)
    {
        if (roles.Contains(Processing.People.Role.Administrator))
        {
            await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
            var first = await new Users(store.Database).BootstrapAsync(key, login, name, roles);
            if (first == UserChange.Done)
            {
                return first;
            }
        }

        await using var desk = await Desk.OpenAsync(parsed, cancel);
        return await new Users(desk.Store.Database).AddAsync(desk.Person, key, login, name, roles);
    }

    private static Verb Role()
    {
        var login = LoginArgument();
        var roles = RolesOption();
        return new Verb(
                "role", "Gives a person other roles instead of those they have.",
                "egovpay user role resad --role approver")
            .With(login, roles)
            .Does(Acts.UserRole, async (parsed, cancel) =>
            {
                var (who, given) = (parsed.GetValue(login)!, ReadRoles(parsed.GetValue(roles)!));
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                Say(await new Users(desk.Store.Database).SetRolesAsync(desk.Person, who, given), who);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(
                    $"{who} is {string.Join(", ", given.Select(Acts.Text))}.");
                return Exit.Done;
            });
    }

    private static Verb Disable()
    {
        var login = LoginArgument();
        var enable = new Option<bool>("--enable") { Description = "let them act again" };
        return new Verb(
                "disable", "Refuses a person from now on; what they did stays on the record.",
                "egovpay user disable resad", "egovpay user disable resad --enable")
            .With(login, enable)
            .Does(Acts.UserDisable, async (parsed, cancel) =>
            {
                var (who, disabled) = (parsed.GetValue(login)!, !parsed.GetValue(enable));
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                Say(await new Users(desk.Store.Database).DisableAsync(desk.Person, who, disabled), who);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(
                    disabled ? $"{who} is disabled." : $"{who} may act again.");
                return Exit.Done;
            });
    }

    private static Verb Key()
    {
        var login = LoginArgument();
        var json = Print.JsonOption();
        return new Verb(
                "key", "Gives a person a new key and prints it, once; the old one is nobody's from then on.",
                "egovpay user key resad")
            .With(login, json)
            .Does(Acts.UserKey, async (parsed, cancel) =>
            {
                var who = parsed.GetValue(login)!;
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var key = PersonKey.New(who);
                Say(await new Users(desk.Store.Database).SetKeyAsync(desk.Person, key, who), who);
                await SayKeyAsync(parsed, json, who, key);
                return Exit.Done;
            });
    }

    private static Verb List()
    {
        var listing = new Listing(Users.ListLimit, Users.ListLimit);
        return new Verb("list", "Shows the people with their roles.", "egovpay user list", "egovpay user list --format csv")
            .With([.. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var users = await new Users(store.Database).ListAsync(most, cancel);
                return listing.Show(
                    parsed, users, ["login", "name", "roles", "state", "key was good (UTC)"],
                    user =>
                    [
                        user.Login, user.Name, string.Join(", ", user.Roles.Select(Acts.Text)), State(user),
                        user.SeenAt is { } seen ? Text(seen) : "never",
                    ],
                    Write);
            });
    }

    private static void Write(Utf8JsonWriter line, User user)
    {
        line.WriteString("login", user.Login);
        line.WriteString("name", user.Name);
        line.WriteStartArray("roles");
        foreach (var role in user.Roles)
        {
            line.WriteStringValue(Acts.Text(role));
        }

        line.WriteEndArray();
        line.WriteString("state", State(user));
        line.WriteNumber("keyGeneration", user.KeyGeneration);
        line.WriteString("seenAt", user.SeenAt is { } seen ? InstantPattern.ExtendedIso.Format(seen) : null);
    }

    private static string State(User user) => user.Disabled ? "disabled" : user.LockedUntil is null ? "acts" : "locked";

    private static string Text(Instant at) => InstantPattern.General.Format(at);

    private static List<Role> ReadRoles(string text)
    {
        var roles = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(one => Acts.Find(one) ?? throw CommandException.Usage(
                $"--role: '{one}' is none of {string.Join(", ", Enum.GetValues<Role>().Select(Acts.Text))}."))
            .Distinct().ToList();
        return roles.Count > 0 ? roles : throw CommandException.Usage("--role: at least one.");
    }

    private static void Say(UserChange changed, string login)
    {
        if (changed != UserChange.Done)
        {
            throw new CommandException(changed == UserChange.LastAdministrator
                ? "Nobody could administer any more. Make another administrator first."
                : $"There is no person '{login}'. `egovpay user list` shows them.");
        }
    }

    private static Task SayKeyAsync(ParseResult parsed, Option<bool> json, string login, PersonKey key) =>
        AgentCommands.SayAsync(
            parsed, json,
            $"{login}, the personal key (shown this once; for EGOVPAY_USER_KEY or a file only they can read): {key.Text}",
            line =>
            {
                line.WriteString("login", login);
                line.WriteString("key", key.Text);
            });
}
