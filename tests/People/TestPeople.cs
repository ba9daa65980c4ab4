using System.Collections.Concurrent;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Tests.PostgreSql;
using Npgsql;

namespace EGovPay.Tests.People;

/// <summary>The people of a test's database, each with a key.</summary>
internal sealed record TestPeople(NpgsqlDataSource Database)
{
    /// <summary>May do everything but approve; tests that are not about people act as this one.</summary>
    public static readonly Person Doer = new(
        "aysel", "Aysel Məmmədova", [Role.Administrator, Role.Operator, Role.Finance, Role.Supervisor]);

    /// <summary>Approves what <see cref="Doer"/> proposed.</summary>
    public static readonly Person Approver = new("resad", "Rəşad Quliyev", [Role.Approver]);

    private static readonly ConcurrentDictionary<string, Lazy<Task<TestPeople>>> Made = new(StringComparer.Ordinal);

    private readonly Dictionary<string, PersonKey> keys = new(StringComparer.Ordinal);

    public string DoerKey => keys[Doer.Login].Text;

    public string ApproverKey => keys[Approver.Login].Text;

    /// <summary>Makes the doer and the approver.</summary>
    public static async Task<TestPeople> InAsync(NpgsqlDataSource database)
    {
        var people = new TestPeople(database);
        var key = PersonKey.New(Doer.Login);
        var changed = await new Users(database).BootstrapAsync(key, Doer.Login, Doer.Name, Doer.Roles);
        if (changed != UserChange.Done)
        {
            throw new InvalidOperationException($"The first person was not made: {changed}.");
        }

        people.keys[Doer.Login] = key;
        await people.AddAsync(Approver);
        return people;
    }

    /// <summary>The people of a database that a class shares, made at the first call.</summary>
    public static Task<TestPeople> OfAsync(TestDatabase database) =>
        Made.GetOrAdd(database.ConnectionString, _ => new Lazy<Task<TestPeople>>(() => InAsync(database.DataSource))).Value;

    /// <summary>The two, where they are not there yet: tests share databases.</summary>
    public static async Task BeAsync(NpgsqlDataSource database)
    {
        var users = new Users(database);
        if ((await users.ListAsync()).Count >= 2)
        {
            return;
        }

        if (await users.NoneAsync())
        {
            // Another may be first; then it is there.
            await users.BootstrapAsync(PersonKey.New(Doer.Login), Doer.Login, Doer.Name, Doer.Roles);
        }

        await users.AddAsync(Doer, PersonKey.New(Approver.Login), Approver.Login, Approver.Name, Approver.Roles);
    }

    /// <summary>One more person; gives their key.</summary>
    public async Task<string> AddAsync(Person person)
    {
        var key = PersonKey.New(person.Login);
        var changed = await new Users(Database).AddAsync(Doer, key, person.Login, person.Name, person.Roles);
        keys[person.Login] = changed == UserChange.Done ? key : throw new InvalidOperationException($"{changed}");
        return key.Text;
    }

    /// <summary>Variables of a process that this one runs.</summary>
    public Dictionary<string, string> Environment(string connectionString, string? key = null) => new()
    {
        ["EGOVPAY_DATABASE"] = connectionString,
        ["EGOVPAY_USER_KEY"] = key ?? DoerKey,
    };
}

/// <summary>What tests that are not about people do without asking anybody.</summary>
internal static class ActingAsDoer
{
    extension(Engine engine)
    {
        /// <summary>Changes agents and terminals as <see cref="TestPeople.Doer"/>.</summary>
        public Administer Administer => new(engine.Database, TestPeople.Doer);

        /// <summary>A deposit, as in earnest: one person proposes, another approves.</summary>
        public async Task DepositAsync(int agentId, int parts, string reference, long amountQepik)
        {
            await TestPeople.BeAsync(engine.Database);
            var proposed = await engine.Proposals.ProposeTopUpAsync(
                TestPeople.Doer, agentId, parts, reference, amountQepik, "a deposit of the test");
            var decided = await engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Id);
            if (decided.Result != DecideResult.Done)
            {
                throw new InvalidOperationException($"The deposit was not booked: {decided}.");
            }
        }
    }
}
