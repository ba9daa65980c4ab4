using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.People;
using Npgsql;

namespace EGovPay.Settlement.Jobs;

/// <summary>
/// In whose name jobs propose what a person then approves: by schedule in a name that is nobody's, whose key nobody has, and that whoever
/// may disable people may disable; where a person asked for the run in theirs, so that they do not approve what they asked for.
/// </summary>
public static class ScheduledPerson
{
    public const string Login = "schedule";

    private static readonly string MakeScheduled = Sql.Load("Jobs/MakeScheduled.sql");

    /// <summary>Who proposes in a run; null: they may not, are disabled, or there are no people yet.</summary>
    /// <param name="askedBy">A login; null: the schedule.</param>
    public static async Task<Person?> InAsync(NpgsqlDataSource database, string? askedBy, CancellationToken cancel = default)
    {
        if (askedBy is null)
        {
            return await InAsync(database, cancel);
        }

        await using var look = database.CreateCommand("select name, roles from person where login = $1 and disabled_at is null");
        look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = askedBy });
        await using var row = await look.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel)
            && new Person(askedBy, row.GetString(0), Users.Roles(row.GetFieldValue<string[]>(1))) is var person
            && person.May(Acts.PayoutPropose) ? person : null;
    }

    /// <summary>The schedule's person, made where it is missing; null: it is disabled, or there are no people yet.</summary>
    public static async Task<Person?> InAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using (var make = database.CreateCommand(MakeScheduled))
        {
            make.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Login });
            make.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = RandomNumberGenerator.GetBytes(32) });
            await make.ExecuteNonQueryAsync(cancel);
        }

        await using var look = database.CreateCommand("select name from person where login = $1 and disabled_at is null");
        look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Login });
        return await look.ExecuteScalarAsync(cancel) is string name ? new Person(Login, name, [Role.Finance]) : null;
    }
}
