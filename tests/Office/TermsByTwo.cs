using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Terms that change where a receiver is paid are one person's proposal and another's approval; all others are one person's.</summary>
public sealed class TermsByTwo(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Terms = "/v1/settlement/terms";
    private const string Old = "AZ14IBAZ40060019449330218120";
    private const string New = "AZ69IBAZ00000000001234567890";

    [Fact]
    public async Task A_changed_account_is_in_force_when_another_person_has_approved_it_and_not_before()
    {
        using var maker = await centre.ClientAsync(Role.Finance, Role.Approver);
        using var approver = await centre.ClientAsync(Role.Approver);
        var first = await PutAsync(maker, OfficePeople.Terms());
        ((bool)first.Json!["applied"]!).Should().BeTrue("the first terms of all are for one person");
        ((bool)(await PutAsync(maker, Waiting(1))).Json!["applied"]!).Should().BeTrue("it changes nobody's account");

        var changed = Waiting(2).Replace(Old, New, StringComparison.Ordinal);
        var looked = await PutAsync(maker, changed, "?dryRun=true");
        ((string)looked.Json!["receivers"]!.AsArray().Single()!["after"]!["iban"]!).Should().Be(New);
        looked.Json["proposal"].Should().BeNull("it was only looked at");
        var asked = await PutAsync(maker, changed, "?reason=letter%2012");
        asked.Status.Should().Be(HttpStatusCode.Accepted, asked.Text);
        ((bool)asked.Json!["applied"]!).Should().BeFalse();
        var place = asked.Response.Headers.Location!.ToString();
        (await ShownAsync(maker)).Should().Be((2, Old));
        (await PutAsync(maker, changed.Replace("805250", "805251", StringComparison.Ordinal))).Status.Should().Be(HttpStatusCode.Conflict, "one waits");
        (await PutAsync(maker, changed, "?reason=")).Status.Should().Be(HttpStatusCode.BadRequest);

        var seen = (await approver.LookAsync(place)).Json!;
        ((string)seen["kind"]!, (string)seen["reason"]!).Should().Be(("Terms", "letter 12"));
        var receiver = seen["terms"]!["receivers"]!.AsArray().Should().ContainSingle().Which!;
        ((string)receiver["provider"]!, (string)receiver["before"]!["iban"]!, (string)receiver["after"]!["iban"]!)
            .Should().Be(("azerishiq", Old, New));
        JsonNode.DeepEquals((await approver.LookAsync(place + "/terms")).Json, JsonNode.Parse(changed)).Should().BeTrue();
        (await approver.LookAsync("/v1/settlement/proposals/999999/terms")).Status.Should().Be(HttpStatusCode.NotFound);
        (await maker.PostAsync(place + "/approve")).Status.Should().Be(HttpStatusCode.Conflict, "nobody approves their own");
        (await ShownAsync(maker)).Should().Be((2, Old));

        var done = await approver.PostAsync(place + "/approve");
        ((string)done.Json!["state"]!).Should().Be("Done", done.Text);
        (await approver.PostAsync(place + "/approve")).Status.Should().Be(HttpStatusCode.OK, "a repeat changes nothing more");
        (await ShownAsync(maker)).Should().Be((3, New));
        var version = (await maker.LookAsync(Terms + "/versions")).Json!["versions"]![0]!;
        ((string)version["approvedBy"]!).Should().NotBe((string)version["appliedBy"]!);
        (await centre.Database.AskAsync<long>("select count(*) from act where what = 'settle apply'")).Should().Be(3);
        ((bool)(await PutAsync(maker, changed)).Json!["applied"]!).Should().BeFalse("they are in force already");
    }

    [Fact]
    public async Task What_other_terms_came_after_is_void_and_an_account_is_not_changed_by_leaving_it_out_first()
    {
        await using var other = new HttpCentre();
        await other.InitializeAsync();
        using var maker = await other.ClientAsync(Role.Finance);
        using var approver = await other.ClientAsync(Role.Approver);
        await PutAsync(maker, OfficePeople.Terms());
        var changed = OfficePeople.Terms().Replace(Old, New, StringComparison.Ordinal);
        var later = Today().PlusDays(3);
        var asked = await PutAsync(maker, changed, $"?from={LocalDatePattern.Iso.Format(later)}");
        asked.Status.Should().Be(HttpStatusCode.Accepted, asked.Text);
        ((bool)(await PutAsync(maker, Waiting(1))).Json!["applied"]!).Should().BeTrue();
        var place = asked.Response.Headers.Location!.ToString();
        (await approver.PostAsync(place + "/approve")).Status.Should().Be(HttpStatusCode.Conflict);
        ((string)(await approver.LookAsync(place)).Json!["state"]!).Should().Be("Void");
        (await other.Database.AskAsync<long>("select count(*) from settlement_terms")).Should().Be(2);

        var nobody = OfficePeople.Terms();
        nobody = nobody[..nobody.IndexOf(",\n \"providers\"", StringComparison.Ordinal)] + "}";
        ((bool)(await PutAsync(maker, nobody)).Json!["applied"]!).Should().BeTrue("nobody is paid anywhere");
        (await PutAsync(maker, changed)).Status.Should().Be(HttpStatusCode.Accepted, "who is not in the terms is new in them");
        (await PutAsync(maker, OfficePeople.Terms())).Status.Should().Be(HttpStatusCode.Conflict, "one waits");
        (await other.Database.AskAsync<long>("select count(*) from settlement_terms")).Should().Be(3);
    }

    [Fact]
    public void Versions_that_begin_later_are_taken_over_too()
    {
        var day = new LocalDate(2026, 11, 23);
        var (one, two, three) = (Version(1, 0, Old), Version(2, 10, New), Version(3, 10, Old));
        new TermsByDay([two, one]).TakenOver(day).Should().Equal(two, one);
        new TermsByDay([three, two, one]).TakenOver(day).Should().Equal([three, one], "nobody will ever go by the second");
        new TermsByDay([two, one]).TakenOver(day.PlusDays(10)).Should().Equal(two);
        new TermsByDay([one]).TakenOver(day.PlusDays(-1)).Should().Equal(one);
        ChangedReceiver.Of(one.Terms, [one.Terms, two.Terms]).Should().ContainSingle().Which.Before!.Iban.Should().Be(New);

        TermsVersion Version(int number, int after, string iban) => new(
            number, day.PlusDays(after), "", new SettlementTerms(
                new Payer("p", ""), [], [new ProviderTerms("a", new Beneficiary("A", "", iban, "", ""), true)], []));
    }

    [Fact]
    public async Task On_the_command_line_one_proposes_and_sees_whose_account_it_is_and_another_approves()
    {
        await using var other = new HttpCentre();
        await other.InitializeAsync();
        using var folder = new ScratchFolder();
        var people = new TestPeople(other.Database.DataSource);
        var finance = people.Environment(other.Database.ConnectionString, await people.AddAsync(new Person("maliyye", "M", [Role.Finance])));
        var approver = people.Environment(other.Database.ConnectionString, await people.AddAsync(new Person("tesdiq", "T", [Role.Approver])));
        var path = Path.Combine(folder.Path, "terms.json");
        File.WriteAllText(path, OfficePeople.Terms());
        (await RunningProgram.RunAsync(folder.Path, finance, "settle", "apply", path)).ExitCode.Should().Be(0);
        File.WriteAllText(path, OfficePeople.Terms().Replace(Old, New, StringComparison.Ordinal));
        var asked = await RunningProgram.RunAsync(folder.Path, finance, "settle", "apply", path);
        asked.ExitCode.Should().Be(0, asked.Errors);
        var proposal = await other.Database.AskAsync<long>("select proposal_id from proposal where kind = 'terms'");
        asked.Output.Should().Contain(FormattableString.Invariant($"egovpay proposal approve {proposal}")).And.Contain(Old).And.Contain(New);
        var listed = await RunningProgram.RunAsync(folder.Path, approver, "proposal", "list");
        listed.Output.Should().Contain(Old).And.Contain(New);
        (await RunningProgram.RunAsync(folder.Path, finance, "settle", "terms")).Output.Should().Contain(Old).And.NotContain(New);
        (await RunningProgram.RunAsync(folder.Path, approver, "proposal", "approve", FormattableString.Invariant($"{proposal}"))).ExitCode.Should().Be(0);
        (await RunningProgram.RunAsync(folder.Path, finance, "settle", "terms")).Output.Should().Contain(New).And.NotContain(Old);
    }

    private static string Waiting(int days) => OfficePeople.Terms(FormattableString.Invariant(
        $", \"agents\": [{{\"code\": \"gec\", \"settles\": \"afterwards\", \"dueBankDays\": {days}}}]"));

    private static async Task<(int Version, string Iban)> ShownAsync(HttpClient client)
    {
        var now = (await client.LookAsync(Terms)).Json!;
        return ((int)now["version"]!["version"]!, (string)now["document"]!["providers"]![0]!["beneficiary"]!["iban"]!);
    }

    private static Task<Answered> PutAsync(HttpClient client, string text, string query = "") =>
        client.AskAsync(HttpMethod.Put, Terms + query, Asking.Json(text));

    private static LocalDate Today() => Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
}
