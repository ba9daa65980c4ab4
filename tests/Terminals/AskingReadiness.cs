using System.Net;
using EGovPay.Terminals;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>Anybody may ask whether a server is ready, and it costs neither the answer nor anybody else.</summary>
public sealed class AskingReadiness
{
    private const string Connections = "select count(*) from pg_stat_activity where datname = current_database()";

    [Fact]
    public async Task It_is_answered_while_the_engines_connections_are_all_taken()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        var taken = new List<NpgsqlConnection>();
        using var enough = new CancellationTokenSource();
        try
        {
            while (!enough.IsCancellationRequested)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(enough.Token);
                patience.CancelAfter(TimeSpan.FromMilliseconds(500));
                try
                {
                    taken.Add(await centre.Engine.Database.OpenConnectionAsync(patience.Token));
                }
                catch (Exception none) when (none is OperationCanceledException or NpgsqlException)
                {
                    await enough.CancelAsync();
                }
            }

            var ready = await centre.Client.LookAsync("/health/ready");
            ready.Text.Should().NotContain("database-unavailable");
        }
        finally
        {
            foreach (var connection in taken)
            {
                await connection.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_question_to_the_database()
    {
        await using var centre = new HttpCentre(new ServerSettings { AddressRequestsPerSecond = 1, AddressBurst = 2 });
        await centre.InitializeAsync();
        await centre.Client.LookAsync("/health/ready");
        var before = await centre.Database.AskAsync<long>(Connections);
        using var nobody = centre.ClientOf(null);
        var asking = Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            var answers = new List<HttpStatusCode>();
            for (var i = 0; i < 20; i++)
            {
                answers.Add((await nobody.LookAsync("/health/ready")).Status);
            }

            return answers;
        }));
        var most = 0L;
        while (!asking.IsCompleted)
        {
            most = Math.Max(most, await centre.Database.AskAsync<long>(Connections));
        }

        (await asking).SelectMany(one => one).Should().OnlyContain(status => status == HttpStatusCode.OK);
        // The background opens one of its own now and then.
        most.Should().BeLessThan(before + 8);
    }
}
