using EGovPay.Processing.Catalogue;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class SearchingServices
{
    private static readonly CatalogueSnapshot Catalogue = TheEmbeddedCatalogue.Catalogue;

    [Theory]
    [InlineData("azerisiq")]
    [InlineData("AZƏRİŞIQ")]
    [InlineData("Azərişıq")]
    [InlineData("AZERISIQ")]
    [InlineData("азериш")]
    [InlineData("Азериш")]
    [InlineData("  azərişiq ")]
    [InlineData("Azerishiq")]
    public void Azərişıq_is_found_however_it_is_typed(string query) =>
        Catalogue.Search(query).Select(service => service.Code).Should().Equal(10101, 10102, 10103, 10104);

    [Theory]
    [InlineData("baki azerisiq", new[] { 10101 })]
    [InlineData("счетчик", new[] { 10104, 10201 })]
    [InlineData("СЧЁТЧИК", new[] { 10104, 10201 })]
    [InlineData("çıxarış", new[] { 41001 })]
    [InlineData("cixaris", new[] { 41001 })]
    [InlineData("Məişət", new[] { 10501 })]
    [InlineData("goruk odenis", new int[0])]
    [InlineData("gomruk avans", new[] { 40303 })]
    [InlineData("10.", new int[0])]
    [InlineData("%", new int[0])]
    [InlineData("103", new[] { 10301, 10302, 10303 })]
    [InlineData("40101", new[] { 40101 })]
    [InlineData("401011", new int[0])]
    public void Words_find_names_and_digits_find_codes(string query, int[] found) =>
        Catalogue.Search(query).Select(service => service.Code).Should().Equal(found);

    [Fact]
    public void A_group_narrows_and_an_empty_query_finds_all()
    {
        Catalogue.Search(null).Should().HaveCount(68);
        Catalogue.Search("  ", "").Should().HaveCount(68);
        Catalogue.Search(null, "ipoteka").Select(service => service.Code).Should().Equal(30101, 30102);
        Catalogue.Search("azercell", "kommunal").Should().BeEmpty();
        Catalogue.Search(null, "yoxdur").Should().BeEmpty();
    }

    [Theory]
    [InlineData("10101", true)]
    [InlineData("1010", false)]
    [InlineData("101010", false)]
    [InlineData(" 10101", false)]
    [InlineData("+1010", false)]
    [InlineData("1010१", false)]
    [InlineData("00101", false)]
    [InlineData("", false)]
    [InlineData("99999", false)]
    public void A_service_is_looked_up_by_exactly_its_code(string code, bool found) =>
        (Catalogue.Find(code.AsSpan()) is not null).Should().Be(found);

    [Fact]
    public void Folding_twice_changes_nothing() => Prop.ForAll(ArbMap.Default.ArbFor<UnicodeString>(), text =>
    {
        var name = new string([.. text.Get.Where(c => !char.IsSurrogate(c) && c < 0xfffe)]);
        var folded = FoldText.Fold(name);
        return FoldText.Fold(folded) == folded;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_service_is_found_by_each_of_its_names()
    {
        foreach (var service in Catalogue.Services)
        {
            foreach (var name in new[] { service.Name.Az, service.Name.En, service.Name.Ru })
            {
                Catalogue.Search(name).Should().Contain(service);
                Catalogue.Search(FoldText.Fold(name).ToUpperInvariant()).Should().Contain(service);
            }
        }
    }
}
