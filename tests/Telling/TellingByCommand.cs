using System.Text.Json;
using EGovPay.Terminals.CommandLine;
using EGovPay.Terminals.Telling;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>The commands and settings of telling.</summary>
public sealed class TellingByCommand(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Secret = "a-secret-of-the-server-that-is-long-enough";

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_endpoint_is_added_tested_rotated_listed_and_removed_by_a_person_with_the_role()
    {
        await using var receiver = await Receiver.StartAsync();
        (await RunAsync("agent", "add", "told", "--name", "Bank")).ExitCode.Should().Be(0);
        var added = await RunAsync("webhook", "add", receiver.Address.AbsoluteUri, "--agent", "told", "--json");
        added.ExitCode.Should().Be(0, added.Errors);
        var made = JsonDocument.Parse(added.LastLine).RootElement;
        var id = made.GetProperty("endpoint").GetInt32();
        made.GetProperty("secret").GetString().Should().Be(SignWebhook.Secret(System.Text.Encoding.UTF8.GetBytes(Secret), id, 1));

        (await RunAsync("webhook", "test", $"{id}")).ExitCode.Should().Be(0);
        receiver.All.Should().ContainSingle().Which.Type.Should().Be("webhook.test");
        receiver.Answer = (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        var failed = await RunAsync("webhook", "test", $"{id}");
        failed.ExitCode.Should().Be(1);
        failed.Errors.Should().Contain("HTTP 500").And.NotContain("   at ");

        var rotated = await RunAsync("webhook", "rotate", $"{id}", "--json");
        JsonDocument.Parse(rotated.LastLine).RootElement.GetProperty("secret").GetString()
            .Should().Be(SignWebhook.Secret(System.Text.Encoding.UTF8.GetBytes(Secret), id, 2));
        (await RunAsync("webhook", "rotate", $"{id}")).Errors.Should().Contain("--force").And.NotContain("   at ");
        (await RunAsync("webhook", "rotate", "999")).Errors.Should().Contain("no endpoint");
        var listed = await RunAsync("webhook", "list", "--json");
        listed.Output.Should().Contain("\"agent\":\"told\"").And.Contain("\"generation\":2").And.NotContain("whsec_");
        (await RunAsync("webhook", "remove", $"{id}")).ExitCode.Should().Be(0);
        (await RunAsync("webhook", "remove", $"{id}")).Errors.Should().Contain("no endpoint");
        (await database.AskAsync<string>($"select string_agg(what, ', ' order by what) from act where subject = 'endpoint {id}'"))
            .Should().Be("webhook add, webhook remove, webhook rotate, webhook test, webhook test");
        (await database.AskAsync<long>("select count(*) from act where details::text like '%whsec_%'")).Should().Be(0);
    }

    [Fact]
    public async Task A_token_in_an_address_is_used_and_shown_nowhere()
    {
        (await RunAsync("agent", "add", "token", "--name", "Bank")).ExitCode.Should().Be(0);
        (await RunAsync("webhook", "add", "https://bank.example/hook?token=t0p-s3cret", "--agent", "token")).ExitCode.Should().Be(0);
        foreach (var form in new[] { new[] { "webhook", "list" }, ["webhook", "list", "--json"] })
        {
            (await RunAsync(form)).Output.Should().Contain("https://bank.example/hook?***").And.NotContain("t0p-s3cret");
        }

        (await database.AskAsync<long>("select count(*) from act where details like '%t0p-s3cret%'")).Should().Be(0);
        (await database.AskAsync<long>("select count(*) from act where details like '%bank.example/hook?***%'")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from webhook_endpoint where url like '%?token=t0p-s3cret'")).Should().Be(1);
    }

    [Theory]
    [InlineData("webhook add http://bank.example/x --agent told", "plain http")]
    [InlineData("webhook add https://10.0.0.1/ --agent told", "webhookNetworks")]
    [InlineData("webhook add nowhere --agent told", "no https address")]
    [InlineData("webhook add https://bank.example/x", "--agent or --provider")]
    [InlineData("webhook add https://bank.example/x --agent told --provider azersu", "--agent or --provider")]
    [InlineData("webhook add https://bank.example/x --agent told --events payment.paid", "payment.confirmed")]
    [InlineData("telling dead --limit 0", "1 to 1000")]
    [InlineData("telling dead --receiver fax", "no receiver")]
    [InlineData("telling resend", "--all")]
    [InlineData("telling resend 1-2", "no id")]
    [InlineData("telling resend --all --limit 100001", "--limit")]
    public async Task What_is_wrong_with_a_command_line_is_said(string line, string says)
    {
        var run = await RunAsync(line.Split(' '));
        run.ExitCode.Should().Be(2, run.Errors);
        run.Errors.Should().Contain(says).And.NotContain("   at ");
    }

    [Theory]
    [InlineData("EGOVPAY_SMTP", "http://mail.example", "smtps://")]
    [InlineData("EGOVPAY_SMTP", "smtps://user:secret@mail.example", "of their own")]
    [InlineData("EGOVPAY_SMTP", "smtps://mail.example", "smtpFrom")]
    [InlineData("EGOVPAY_SMS", "http://gateway.example/send", "https")]
    [InlineData("EGOVPAY_SMS", "nowhere", "EGOVPAY_SMS")]
    [InlineData("EGOVPAY_WEBHOOK_HTTP", "maybe", "neither yes nor no")]
    [InlineData("EGOVPAY_WEBHOOK_NETWORKS", "10.0.0.0/8,here", "'here'")]
    public void A_wrong_setting_is_named(string variable, string value, string says) =>
        FluentActions.Invoking(() => Read(new() { [variable] = value })).Should().Throw<CommandException>()
            .WithMessage($"*{says}*").Which.Message.Should().NotContain("secret");

    [Fact]
    public void Settings_of_a_relay_and_a_gateway_are_read_and_their_secrets_are_not_printed()
    {
        var settings = Read(new()
        {
            ["EGOVPAY_SMTP"] = "smtps://mail.example", ["EGOVPAY_SMTP_FROM"] = "odenis@egovpay.example",
            ["EGOVPAY_SMTP_USER"] = "u", ["EGOVPAY_SMTP_PASSWORD"] = "hidden",
            ["EGOVPAY_SMS"] = "https://gateway.example/send", ["EGOVPAY_SMS_KEY"] = "hidden",
            ["EGOVPAY_WEBHOOK_NETWORKS"] = "10.20.0.0/16, fd12::/32",
        });
        var telling = TellingSetting.From(settings, "http://127.0.0.1:8080/");
        telling.Mail.Should().Be(new MailRelay("mail.example", 587, true, "u", "hidden", "odenis@egovpay.example"));
        telling.Sms.Should().Be(new SmsGateway(new Uri("https://gateway.example/send"), "hidden", "eGovPay"));
        telling.PublicAddress.Should().Be("http://127.0.0.1:8080");
        $"{telling.Mail} {telling.Sms} {settings}".Should().NotContain("hidden");
        TellingSetting.Channels(settings).Should().Be(new Processing.Telling.PayerChannels(true, true));
        FluentActions.Invoking(() => Read(new()
        {
            ["EGOVPAY_SMTP"] = "smtp://mail.example", ["EGOVPAY_SMTP_FROM"] = "a@b.example", ["EGOVPAY_SMTP_USER"] = "u",
        })).Should().Throw<CommandException>().WithMessage("*in clear*");
    }

    private Settings Read(Dictionary<string, string> environment) =>
        ReadSettings.From(null, name => environment.GetValueOrDefault(name), _ => null, folder.Path);

    private async Task<ProgramRun> RunAsync(params string[] line)
    {
        var people = await TestPeople.OfAsync(database);
        var variables = people.Environment(database.ConnectionString);
        variables["EGOVPAY_SECRET"] = Secret;
        return await RunningProgram.RunAsync(folder.Path, variables, line);
    }
}
