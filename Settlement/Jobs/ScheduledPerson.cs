using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.People;
using Npgsql;

namespace EGovPay.Settlement.Jobs;

/// <summary>
/// In whose name jobs propose what a person then approves. Nobody has its key; whoever may disable people may disable it, and jobs propose
/// nothing from then on.
/// </summary>
public static class ScheduledPerson
{
    public const string Login = "schedule";

    private static readonly string MakeScheduled = Sql.Load("Jobs/MakeScheduled.sql");

    /// <summary>The person, made where it is missing; null: it is disabled, or there are no people yet.</summary>
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
