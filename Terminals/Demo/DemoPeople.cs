using EGovPay.Processing.People;
using EGovPay.Terminals.CommandLine;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// The people of the demo. Their keys lie in files of its folder, made before the people are: a demo that is ended in between
/// finds them again. A database that has people of its own is not the demo's to enter.
/// </summary>
internal sealed record DemoPeople(Person Administrator, Person Finance, Person Approver, string Folder)
{
    private static readonly (string Login, string Name, Role[] Roles)[] All =
    [
        ("demo-admin", "Aysel Məmmədova", [Role.Administrator, Role.Operator]),
        ("demo-finance", "Rəşad Quliyev", [Role.Finance, Role.Supervisor]),
        ("demo-approver", "Günel Əliyeva", [Role.Approver]),
    ];

    /// <summary>The file with a person's key, for EGOVPAY_USER_KEY_FILE.</summary>
    public string KeyFile(Person person) => FileOf(Folder, person.Login);

    /// <summary>Makes them in a database that has nobody, or finds those of an earlier demo.</summary>
    /// <exception cref="CommandException">The database has people that the demo does not know.</exception>
    public static async Task<DemoPeople> ComeAsync(NpgsqlDataSource database, string folder, CancellationToken cancel)
    {
        var users = new Users(database);
        var people = new List<Person>();
        var fresh = await users.NoneAsync(cancel);
        foreach (var (login, name, roles) in All)
        {
            var key = Key(folder, login, fresh);
            if (people.Count == 0)
            {
                // Does nothing where an administrator has used a key already.
                await users.BootstrapAsync(key, login, name, roles);
            }
            else
            {
                await users.AddAsync(people[0], key, login, name, roles);
            }

            people.Add((await new KnowPerson(database).ShowAsync(key.Text, cancel)).Person ?? throw new CommandException(
                $"This database has people of its own, and {FileOf(folder, login)} is no key of one of them. Run the demo on an "
                + "empty database: in another folder, or with another --data."));
        }

        return new DemoPeople(people[0], people[1], people[2], folder);
    }

    private static string FileOf(string folder, string login) => Path.Combine(folder, $"{login}.key");

    private static PersonKey Key(string folder, string login, bool fresh)
    {
        var path = FileOf(folder, login);
        if (!fresh && File.Exists(path))
        {
            return new PersonKey(File.ReadAllText(path).Trim());
        }

        var key = PersonKey.New(login);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(System.Text.Encoding.ASCII.GetBytes(key.Text + "\n"));
        file.Flush(flushToDisk: true);
        return key;
    }
}
