using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class TheEmbeddedCatalogue
{
    internal static readonly CatalogueSnapshot Catalogue = EmbeddedCatalogue.Load();

    public static TheoryData<string> Codes => [.. Catalogue.Services.Select(service => service.CodeText)];

    [Fact]
    public void It_has_68_services_in_five_groups()
    {
        Catalogue.Services.Should().HaveCount(68);
        Catalogue.Groups.Select(group => Catalogue.Search(null, group.Code).Count()).Should().Equal(13, 20, 2, 31, 2);
        Catalogue.Groups.Select(group => group.Name.Az)
            .Should().Equal("Kommunal", "Rabitə", "İpoteka", "Büdcə", "Digər");
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_service_accepts_its_own_examples(string code)
    {
        var service = Catalogue.Find(code)!;
        foreach (var field in service.Fields)
        {
            var value = field.Example;
            JudgeField.Judge(field, ref value).Should().Be(FieldFault.None);
            value.Should().Be(field.Example, "an example shows the normal form");
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_service_has_a_provider_that_can_be_reached(string code)
    {
        var service = Catalogue.Find(code)!;
        var provider = Catalogue.ProviderOf(service);
        Catalogue.Provider(provider.Id).Should().BeSameAs(provider);
        provider.Address.Should().StartWith(provider.Protocol + "/");
        DateTimeZoneProviders.Tzdb.GetZoneOrNull(provider.Zone).Should().NotBeNull();
    }

    [Fact]
    public void Provider_numbers_are_never_renumbered()
    {
        // The ledger's accounts hang on these. A new provider goes to the end.
        Catalogue.Providers.Select(provider => provider.Id)
            .Should().Equal(Enumerable.Range(1, Catalogue.Providers.Count));
        Catalogue.Providers.Select(provider => provider.Code).Should().StartWith(
        [
            "azerishiq", "azeriqaz", "azersu", "azeristilik", "temizsheher", "mktb", "azercell", "bakcell", "nar",
            "naxtel", "router", "btrib", "aztelekom", "azdatacom", "katv1", "citynet", "ailetv", "mcqs", "msxm", "aif",
            "bdypi", "din", "dgk", "vergiler", "belediyye", "dsmf", "dmx", "fhn", "energetika", "iqtisadiyyat", "emdk",
            "edliyye", "dsk", "tehsil", "aqta", "dim", "iane-fondu", "tehsil-muessise",
        ]);
    }

    [Fact]
    public void A_traffic_fine_is_free_until_the_end_of_October_2025_and_costs_40_qəpik_from_November()
    {
        var fine = Catalogue.Find(40101)!;
        fine.RuleOn(new LocalDate(2025, 10, 31))!.Fee.Should().Be(FeeRule.None);
        var since = fine.RuleOn(new LocalDate(2025, 11, 1))!.Fee;
        since.For(new Money(4_000)).Should().Be(new Money(40));
        since.PaidBy.Should().Be(FeePaidBy.Payer);
        fine.Rules.Select(rule => rule.Fingerprint).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Mobile_numbers_are_portable_and_Naxtel_and_landlines_are_not()
    {
        Catalogue.Services.Where(service => service.Portable).Select(service => service.Code)
            .Should().Equal(20101, 20102, 20111, 20121, 20190);
    }

    [Fact]
    public void What_must_be_paid_in_full_must_be_asked_first()
    {
        var full = Catalogue.Services
            .SelectMany(service => service.Rules).Where(rule => rule.Mode == AmountMode.Full).ToList();
        full.Should().NotBeEmpty().And.OnlyContain(rule => rule.Inquiry == InquiryNeed.Required);
        Catalogue.Find(20501)!.Rules[0].Inquiry
            .Should().Be(InquiryNeed.Required, "the duty is quoted by the register of devices");
    }

    [Fact]
    public void Budget_receivers_carry_their_level_and_classification()
    {
        foreach (var service in Catalogue.Services.Where(service => service.Group == "budce"))
        {
            service.BudgetLevel.Should().MatchRegex("^[0-9]$");
            if (service.Code == 40401)
            {
                service.BudgetCode.Should().BeNull("the payer names it");
            }
            else
            {
                service.BudgetCode.Should().MatchRegex("^1[0-9]{5}$");
            }
        }
    }

    [Fact]
    public void It_agrees_with_the_list_it_was_made_from()
    {
        var path = Path.Combine(RepositoryRoot(), "..", "shared", "design", "catalogue.csv");
        Assert.SkipUnless(File.Exists(path), "the design's catalogue.csv is not on this machine");
        var lines = File.ReadAllLines(path).Skip(1).ToList();
        lines.Should().HaveCount(68);
        foreach (var line in lines)
        {
            var service = Catalogue.Find(line.AsSpan(0, 5));
            service.Should().NotBeNull("{0}", line);
            line.Should().Contain(service!.Name.Az).And.Contain(service.Name.En).And.Contain(service.Name.Ru);
            foreach (var field in service.Fields)
            {
                line.Should().Contain($"{field.Name}={field.PatternText}").And.Contain($"{field.Name}={field.Example}");
            }

            var rule = service.Rules[^1];
            line.Should().Contain($",{rule.Min},{rule.Max},")
                .And.Contain($",{rule.Mode.ToString().ToLowerInvariant()},")
                .And.Contain($",{rule.CutOff},");
        }
    }

    internal static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EGovPay.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("Run the tests inside the repository.");
        }

        return folder;
    }
}
