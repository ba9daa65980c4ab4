using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Processing.Telling;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// Where a person stands who was let in for one act: the database, and who they are. Every command that changes the centre
/// goes through here; there is no other way to an <see cref="Processing.Agents.Administer"/> on the command line.
/// </summary>
internal sealed class Desk : IAsyncDisposable
{
    private Desk(Store store, Person person)
    {
        Store = store;
        Person = person;
    }

    public Store Store { get; }

    public Person Person { get; }

    public Administer Administer => new(Store.Database, Person);

    public Endpoints Endpoints => new(Store.Database, Person);

    /// <summary>Lets the person in whose key is in the settings, if they may do what the command does.</summary>
    /// <exception cref="CommandException">They may not; the message says what to do.</exception>
    public static async Task<Desk> OpenAsync(ParseResult parsed, CancellationToken cancel)
    {
        var act = ((Verb)parsed.CommandResult.Command).Act
            ?? throw new InvalidOperationException("A command that changes something names its act.");
        var settings = ReadSettings.From(parsed);
        var store = await Store.UseAsync(settings, cancel);
        try
        {
            return new Desk(store, await LetInAsync(store, settings, act, cancel));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private static async Task<Person> LetInAsync(Store store, Settings settings, Act act, CancellationToken cancel)
    {
        if (await new Users(store.Database).NoneAsync(cancel))
        {
            throw new CommandException(
                $"`egovpay {act.Name}` is done by somebody, and there is nobody yet. Make the first person: `egovpay user add "
                + "LOGIN --name NAME --role administrator` prints their key, once. Put it into EGOVPAY_USER_KEY, or into a file "
                + "that EGOVPAY_USER_KEY_FILE names. Then make the others with the roles they have.");
        }

        if (KeyOf(settings) is not { } key)
        {
            throw new CommandException(
                $"`egovpay {act.Name}` is for {act.RolesText}. Show your personal key: in EGOVPAY_USER_KEY, or in a file that "
                + "EGOVPAY_USER_KEY_FILE or --user-key-file names. An administrator gives keys: egovpay user add, user key.");
        }

        var shown = await new KnowPerson(store.Database).ShowAsync(key, cancel);
        if (shown.Person is not { } person)
        {
            throw new CommandException(shown.Why switch
            {
                NotKnown.NoKey => "That is no personal key: one reads LOGIN.SECRET, as it was printed once.",
                NotKnown.Locked => string.Create(
                    CultureInfo.InvariantCulture,
                    $"Too many wrong keys for this login: it is locked until {shown.LockedUntil:uuuu-MM-dd HH:mm:ss} UTC. An "
                    + $"administrator ends that with a new key: egovpay user key LOGIN."),
                NotKnown.Disabled => "This person is disabled. An administrator lets them act again: "
                    + "egovpay user disable LOGIN --enable.",
                _ => "Nobody has this personal key. An administrator gives a new one: egovpay user key LOGIN.",
            });
        }

        return person.May(act) ? person : throw new CommandException(
            $"`egovpay {act.Name}` is for {act.RolesText}; {person.Login} is "
            + $"{string.Join(", ", person.Roles.Select(Acts.Text))}.");
    }

    private static string? KeyOf(Settings settings)
    {
        if (settings.UserKey is { } given)
        {
            return given;
        }

        if (settings.UserKeyFile is not { } file)
        {
            return null;
        }

        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The personal key cannot be read: {unreadable.Message}", inner: unreadable);
        }
    }
}
