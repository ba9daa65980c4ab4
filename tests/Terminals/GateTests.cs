using EGovPay.Terminals;
using EGovPay.Terminals.Api;
using EGovPay.Tests.Providers;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class GateTests
{
    private readonly ListeningLog log = new();

    [Fact]
    public async Task A_defect_and_an_outage_are_told_also_when_their_client_has_gone()
    {
        await PassAsync(_ => throw new InvalidOperationException("a defect"), gone: true);
        await PassAsync(_ => throw new NpgsqlException("no database"), gone: true);
        log.Lines.Select(line => line.Event).Should().Equal(3010, 3017);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_no_defect()
    {
        await PassAsync(http => Task.FromCanceled(http.RequestAborted), gone: true);
        await PassAsync(_ => throw new ConnectionResetException("it hung up"), gone: true);
        log.Lines.Select(line => line.Event).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_cancelled_though_its_client_waits_is_a_defect()
    {
        var http = await PassAsync(_ => throw new OperationCanceledException(), gone: false);
        http.Response.StatusCode.Should().Be(500);
        log.Lines.Select(line => line.Event).Should().Equal(3010);
    }

    private async Task<HttpContext> PassAsync(RequestDelegate call, bool gone)
    {
        var settings = new ServerSettings();
        using var paces = new Paces(settings);
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(gone) };
        using var entrance = new Entrance(10, () => TimeSpan.Zero, () => null, () => 0, TimeProvider.System);
        await new Gate(entrance, paces, new Outage(TimeProvider.System, log), () => true, log.CreateLogger("test")).PassAsync(http, call);
        return http;
    }
}
