using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terms;

public sealed class ApplyingTerms
{
    private static readonly LocalDate Today = new(2026, 11, 23);
    private static readonly string Example = Encoding.UTF8.GetString(ExampleTerms.Read());

    private static Person Finance { get; } = new("sevil", "Sevil", [Role.Finance]);

    [Fact]
    public void The_example_is_good_and_names_every_provider_of_the_catalogue()
    {
        var check = CheckTerms.Run(ExampleTerms.Read());
        check.Faults.Should().BeEmpty();
        var catalogue = EmbeddedCatalogue.Load();
        check.Terms!.Providers.Select(one => one.Code).Should().BeSubsetOf(catalogue.Providers.Select(one => one.Code));
        catalogue.Services.Select(one => one.Provider).Distinct().Where(code => code != "router")
            .Should().BeSubsetOf(check.Terms.Providers.Select(one => one.Code));
        check.Terms.Agent("nobody").Afterwards.Should().BeFalse("who is not named pays in advance");
        check.Terms.AgentOfAccount(check.Terms.Agents[0].DepositAccounts[0])!.Code.Should().Be(check.Terms.Agents[0].Code);
    }

    [Theory]
    [InlineData("AZ36ACAB", "AZ37ACAB", 5, "no IBAN of Azerbaijan: its check digits 37 do not fit the rest")]
    [InlineData("AZ36ACAB0000", "AZ36 ACAB 0000", 5, "has spaces")]
    [InlineData("AZ36ACAB", "AZ36ACAb", 5, "it has 'b'")]
    [InlineData("AZ36ACAB0", "AZ36ACAB", 5, "it has 27 characters, and one has 28")]
    [InlineData("AZ36ACAB", "TR36ACAB", 5, "does not begin with AZ")]
    [InlineData("\"voen\": \"1400057421\"", "\"voen\": \"1400057424\"", 3, "no VÖEN")]
    [InlineData("\"bic\": \"ACABAZ22\"", "\"bic\": \"ACABAZ2\"", 5, "no BIC")]
    [InlineData("\"bic\": \"ACABAZ22\"", "\"bic\": \"IBAZAZ2X\"", 5, "another bank")]
    [InlineData("\"bankCode\": \"505000\"", "\"bankCode\": \"50500\"", 5, "no bank code")]
    [InlineData("AZ82HAJC00000044000000000001", "AZ36ACAB00000031000000000001", 8, "an account of our own")]
    [InlineData("\"currency\": \"AZN\"", "\"currency\": \"manat\"", 5, "3 characters")]
    [InlineData("\"code\": \"azeriqaz\"", "\"code\": \"azerishiq\"", 9, "there twice")]
    [InlineData("\"settles\": \"prefunded\"", "\"settles\": \"prefunded\", \"dueBankDays\": 2", 47, "pays in advance")]
    [InlineData("\"dueBankDays\": 1", "\"dueBankDays\": 61", 48, "from 0 to 60")]
    [InlineData("\"settles\": \"afterwards\"", "\"settles\": \"sometimes\"", 48, "must be one of")]
    [InlineData("\"format\": 1", "\"format\": 2", 2, "from 1 to 1")]
    [InlineData("{ \"by\": \"number\" },\n      { \"by\": \"reference", "{ \"by\": \"guess\" },\n      { \"by\": \"reference", 55, "there is no strategy \"guess\"; there are: number, ")]
    [InlineData("{ \"by\": \"number\" },\n      { \"by\": \"reference", "{ \"by\": \"reference", 55, "cannot be the first")]
    [InlineData("\"by\": \"reference-amount-day\" }", "\"by\": \"account-amount-day\" }", 57, "\"account-amount-day\" is there twice")]
    [InlineData("\"by\": \"account-amount-day\" }", "\"by\": \"amount-window\", \"days\": 3 }", 58, "\"account-amount-window\" can never be reached here: \"amount-window\"")]
    [InlineData("\"by\": \"reference-amount-day\" }", "\"by\": \"one-to-many\" }", 56, "there is no strategy \"one-to-many\"")]
    [InlineData("\"by\": \"account-amount-day\" }", "\"by\": \"account-amount-day\", \"days\": 1 }", 57, "has no days")]
    [InlineData("\"by\": \"amount-window\", \"days\": 1", "\"by\": \"amount-window\", \"days\": 41", 59, "from 0 to 40")]
    [InlineData("\"by\": \"one-to-many\"", "\"by\": \"amount-window\"", 64, "bank: there is no strategy \"amount-window\"")]
    [InlineData("\"strategies\": {", "\"strategies\": { \"till\": [],", 53, "has no property \"till\"")]
    [InlineData("\"payer\":", "\"payr\":", 3, "has no property")]
    public void A_fault_is_named_by_its_line(string good, string bad, int line, string says)
    {
        var at = Example.IndexOf(good, StringComparison.Ordinal);
        var check = CheckTerms.Run(Encoding.UTF8.GetBytes(string.Concat(
            Example.AsSpan(0, at), bad, Example.AsSpan(at + good.Length))));
        check.Terms.Should().BeNull();
        check.Faults.Should().Contain(fault => fault.Line == line && fault.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void Strategies_are_the_usual_ones_where_nothing_is_said_and_the_example_says_those()
    {
        var older = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(ExampleTerms.Read()).Replace("ACABAZ22", "IBAZAZ2X", StringComparison.Ordinal));
        CheckTerms.Run(older).Terms.Should().BeNull("an account and a BIC are of one bank");
        CheckTerms.Run(older, stored: true).Terms.Should().NotBeNull("what was applied before this was asked is still read");
        CheckTerms.Run(ExampleTerms.Read()).Terms!.Strategies.Should().BeEquivalentTo(MatchStrategies.Usual, same => same.WithStrictOrdering());
        var without = Example[..Example.IndexOf(",\n  \"strategies\"", StringComparison.Ordinal)] + "}";
        CheckTerms.Run(Encoding.UTF8.GetBytes(without)).Terms!.Strategies.Should().BeSameAs(MatchStrategies.Usual);
        var one = Encoding.UTF8.GetBytes(without[..^1] + ", \"strategies\": { \"bank\": [ { \"by\": \"many-to-one\", \"days\": 5 }, { \"by\": \"number\" } ] } }");
        var some = CheckTerms.Run(one).Terms!.Strategies;
        some.Bank.Should().Equal(new MatchStrategy(MatchBy.ManyToOne, 5), new MatchStrategy(MatchBy.Number, 0));
        some.Register.Should().BeSameAs(MatchStrategies.Usual.Register);
    }

    [Fact]
    public void An_account_is_of_one_agent()
    {
        var accounts = CheckTerms.Run(ExampleTerms.Read()).Terms!.Agents.Select(one => one.DepositAccounts[0]).ToList();
        CheckTerms.Run(Encoding.UTF8.GetBytes(Example.Replace(accounts[1], accounts[0], StringComparison.Ordinal))).Faults
            .Should().ContainSingle().Which.Message.Should().Contain("an account is of one agent");
    }

    [Fact]
    public void An_acquirer_pays_from_accounts_of_its_own()
    {
        var terms = CheckTerms.Run(ExampleTerms.Read()).Terms!;
        var (agents, acquirers) = (terms.Agents[0].DepositAccounts[0], terms.Acquirers[0].PayAccounts[0]);
        CheckTerms.Run(Encoding.UTF8.GetBytes(Example.Replace(acquirers, agents, StringComparison.Ordinal))).Faults
            .Should().ContainSingle().Which.Message.Should().Contain("an account is of one of them");
        CheckTerms.Run(Encoding.UTF8.GetBytes(Example.Replace(acquirers, "AZ 27", StringComparison.Ordinal))).Faults
            .Should().ContainSingle().Which.Message.Should().Contain("1 to 34 letters and digits");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"format\":1,\"format\":1}")]
    public void What_is_no_terms_at_all_is_refused(string text)
    {
        var check = CheckTerms.Run(Encoding.UTF8.GetBytes(text));
        check.Terms.Should().BeNull();
        check.Faults.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Versions_are_added_each_from_its_day_and_the_same_again_changes_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var bytes = ExampleTerms.Read();
        (await TermsStore.ReadAsync(database.DataSource)).Of(Today).Should().BeNull();
        (await ApplyAsync(bytes, Today)).Version.Should().Be(1);
        (await ApplyAsync(bytes, Today)).Should().Match<TermsApplication>(one => one.Version == null && one.Refused == null);
        var other = Encoding.UTF8.GetBytes(Example.Replace("\"dueBankDays\": 1", "\"dueBankDays\": 3", StringComparison.Ordinal));
        (await ApplyAsync(other, Today.PlusDays(10))).Version.Should().Be(2);
        (await ApplyAsync(other, Today.PlusDays(-1))).Refused.Should().Contain("today");

        var all = await TermsStore.ReadAsync(database.DataSource);
        all.Of(Today.PlusDays(9))!.Terms.Agent("sebeke").DueBankDays.Should().Be(1);
        all.Of(Today.PlusDays(10))!.Terms.Agent("sebeke").DueBankDays.Should().Be(3);
        all.Of(Today.PlusDays(-1)).Should().BeNull();
        (await database.AskAsync<long>("select count(*) from act where what = 'settle apply'")).Should().Be(2);
        await database.Invoking(one => one.ExecuteAsync("update settlement_terms set valid_from = '2020-01-01'"))
            .Should().ThrowAsync<PostgresException>();

        Task<TermsApplication> ApplyAsync(byte[] file, LocalDate from) =>
            TermsStore.ApplyAsync(database.DataSource, file, from, Today, Finance);
    }
}
