using System.Text;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using EGovPay.Tests.Mapping;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Acquirers;

/// <summary>Card acquirers' reports: gross less fee is net, in each line and in total.</summary>
public sealed class ImportingAcquirers : IAsyncLifetime
{
    private const string Head = "date,kind,rrn,approval,pan,gross,fee,net\n";

    private static readonly FileMapping Signed = Mappings.One("""
        {"name":"millikart","for":"acquirer","words":{"S":"sale","R":"refund","V":"reversal","C":"chargeback"},
         "columns":{"date":"date","kind":"kind","rrn":"rrn","approval":"approval","pan":"pan","gross":"gross","fee":"fee","net":"net"},
         "totals":{"begins":"TOTAL","count":2,"amount":8}}
        """);

    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Sales_refunds_reversals_and_chargebacks_are_entered_with_their_signs_and_cards_masked()
    {
        var import = await ImportAsync(Signed, Head
            + "2026-11-20,S,500000000001,A1,4169 7312 3456 7890,100.00,1.50,98.50\n2026-11-20,R,500000000002,,416973******7890,-40.00,-0.60,-39.40\n"
            + "2026-11-20,V,,,,-10.00,0,-10.00\n2026-11-21,C,500000000003,,,-5.00,15.00,-20.00\nTOTAL,4,,,,,,29.10\n");
        import.Receipt.Refusal.Should().BeNull();
        import.Should().BeEquivalentTo(new { Lines = 4, GrossQepik = 4500L, FeeQepik = 1590L, NetQepik = 2910L });
        (await database.AskAsync<string>("select string_agg(concat_ws('|', line, kind, rrn, masked_pan, gross_qepik, fee_qepik, net_qepik, day), ';' order by line) from acquirer_line"))
            .Should().Be("2|sale|500000000001|416973******7890|10000|150|9850|2026-11-20;3|refund|500000000002|416973******7890|-4000|-60|-3940|2026-11-20;"
                + "4|reversal|-1000|0|-1000|2026-11-20;5|chargeback|500000000003|-500|1500|-2000|2026-11-21");
        (await database.AskAsync<string>("select acquirer || net_qepik from acquirer_in")).Should().Be("millikart2910");
    }

    [Theory]
    [InlineData("2026-11-20,S,1,,,100.00,1.50,98.51\nTOTAL,1,,,,,,98.51", "0.01 more")]
    [InlineData("2026-11-20,S,1,,,100.00,1.50,98.50\nTOTAL,1,,,,,,98.40", "-0.10 more")]
    [InlineData("2026-11-20,S,1,,,100.00,1.50,98.50\nTOTAL,2,,,,,,98.50", "counts 2")]
    [InlineData("2026-11-20,S,1,,,-100.00,-1.50,-98.50\nTOTAL,1,,,,,,-98.50", "not negative")]
    [InlineData("2026-11-20,R,1,,,100.00,1.50,98.50\nTOTAL,1,,,,,,98.50", "is negative here")]
    [InlineData("2026-11-20,X,1,,,100.00,1.50,98.50\nTOTAL,1,,,,,,98.50", "what this word means")]
    [InlineData("2026-11-20,S,1,,,100.00,1.50,98.50", "missing")]
    [InlineData("2026-11-20,S,1,,,,1.50,98.50\nTOTAL,1,,,,,,98.50", "Nothing stands there")]
    public async Task What_does_not_add_up_is_refused_with_the_difference_and_leaves_nothing(string lines, string why)
    {
        var import = await ImportAsync(Signed, Head + lines + "\n");
        import.Receipt.Verdict.Should().Be(FileVerdict.Refused);
        import.Receipt.Refusal!.ToString().Should().Contain(why);
        (await database.AskAsync<long>("select (select count(*) from acquirer_in) + (select count(*) from acquirer_line)")).Should().Be(0);
    }

    [Fact]
    public async Task What_an_acquirer_writes_without_a_sign_is_taken_as_the_mapping_says()
    {
        var import = await ImportAsync(Signed with { Unsigned = true, Totals = null }, Head + "2026-11-20,R,1,,,40.00,0.60,39.40\n");
        import.NetQepik.Should().Be(-3940);
    }

    [Fact]
    public async Task An_acquirer_without_a_mapping_is_refused_and_may_come_again_when_it_has_one()
    {
        (await ImportAsync(Signed with { Name = "other" }, Head + "2026-11-20,S,1,,,1.00,0,1.00\nTOTAL,1,,,,,,1.00\n")).Receipt.Refusal!.Text.Should().Contain("no mapping");
        (await ImportAsync(Signed, Head + "2026-11-20,S,1,,,1.00,0,1.00\nTOTAL,1,,,,,,1.00\n")).Receipt.Verdict.Should().Be(FileVerdict.Imported);
    }

    private Task<AcquirerImport> ImportAsync(FileMapping mapping, string text) =>
        new ImportAcquirers(database.DataSource, [mapping]).FromAsync(
            new IncomingFile("acq.csv", new MemoryStream(Encoding.UTF8.GetBytes(text)), FileSource.Folder, IncomingFile.Engine), "millikart");
}
