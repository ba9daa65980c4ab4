using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Providers.Register;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Providers.Register;

/// <summary>Registers in the form that a provider's mapping says, byte by byte.</summary>
public sealed class MappedRegisters : IDisposable
{
    private static readonly Instant At = Instant.FromUtc(2026, 11, 22, 20, 30, 15);

    private static readonly RegisterColumn[] Columns =
    [
        new("number", "Nömrə"), new("date", "Tarix"), new("time", "Vaxt"), new("account", "Hesab"), new("field:ad", "Ad"),
        new("amount", "Məbləğ"), new("service", "X"),
    ];

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("egovpay-mapped");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_table_has_its_columns_separator_decimal_sign_head_and_totals()
    {
        var mapping = new RegisterMapping(RegisterLayout.Csv, "R_{provider}_{day}_{group}.txt", Separator: ';', DecimalSign: ',', Columns: Columns);

        var written = await WriteAsync(mapping, Line(1, "0012", 1_045, "Əli; \"b\""), Line(2, "13", 5, null));

        Path.GetFileName(written.Path).Should().Be("R_istilik_2026-11-23_C4.txt");
        (await File.ReadAllTextAsync(written.Path, TestContext.Current.CancellationToken)).Should().Be(
            "Nömrə;Tarix;Vaxt;Hesab;Ad;Məbləğ;X\n"
            + "1;2026-11-23;00:30:15;0012;\"Əli; \"\"b\"\"\";10,45;10401\n"
            + "2;2026-11-23;00:30:15;13;;0,05;10401\n"
            + "TOTAL;2;10,50\n");
    }

    [Fact]
    public async Task A_table_in_windows_1251_is_these_bytes_and_a_letter_that_it_lacks_refuses_the_file()
    {
        var mapping = new RegisterMapping(
            RegisterLayout.Csv, "{day}-{group}.csv", "windows-1251", '\t', Header: false, Totals: false,
            Columns: [new("number", "n"), new("account", "a"), new("field:ad", "ad"), new("amount-qepik", "q")]);

        var written = await WriteAsync(mapping, Line(7, "12", 5, "Алиев"));
        (await File.ReadAllBytesAsync(written.Path, TestContext.Current.CancellationToken)).Should().Equal(
            [.. "7\t12\t"u8, 0xC0, 0xEB, 0xE8, 0xE5, 0xE2, .. "\t5\n"u8]);

        var refused = () => WriteAsync(mapping with { FileName = "b-{day}-{group}" }, Line(7, "12", 5, "Əliyev"));
        await refused.Should().ThrowAsync<EncoderFallbackException>();
        root.GetFiles("b-*", SearchOption.AllDirectories).Where(file => file.Extension != ".part").Should().BeEmpty();
    }

    [Fact]
    public async Task Budget_lines_have_their_own_totals()
    {
        var mapping = new RegisterMapping(RegisterLayout.Csv, "{day}-{group}", Header: false, Columns:
            [new("number", "n"), new("account", "a"), new("budget-level", "l"), new("budget-code", "c"), new("amount", "s")]);

        var written = await WriteAsync(
            mapping, Line(1, "a", 100, null) with { BudgetLevel = "2", BudgetCode = "111100" },
            Line(2, "b", 50, null) with { BudgetLevel = "1", BudgetCode = "142330" },
            Line(3, "c", 7, null) with { BudgetLevel = "2", BudgetCode = "111100" });

        (await File.ReadAllTextAsync(written.Path, TestContext.Current.CancellationToken)).Should().Be(
            "1;a;2;111100;1.00\n2;b;1;142330;0.50\n3;c;2;111100;0.07\nSUBTOTAL;1;142330;1;0.50\nSUBTOTAL;2;111100;2;1.07\nTOTAL;3;1.57\n");
    }

    [Fact]
    public async Task JSON_is_one_object_with_its_control_totals()
    {
        var mapping = new RegisterMapping(RegisterLayout.Json, "{day}-{group}.json");

        var written = await WriteAsync(
            mapping, Line(1, "00\"12", 1_045, "Əli"), Line(2, "13", 5, null) with { BudgetLevel = "1", BudgetCode = "111100" });

        (await File.ReadAllTextAsync(written.Path, TestContext.Current.CancellationToken)).Should().Be(
            "{\"provider\":\"istilik\",\"bankDay\":\"2026-11-23\",\"cutOff\":\"C4\",\"zone\":\"Asia/Baku\",\"payments\":[\n"
            + "{\"number\":\"1\",\"at\":\"2026-11-23T00:30:15\",\"service\":\"10401\",\"account\":\"00\\\"12\",\"amountQepik\":1045,\"fields\":{\"ad\":\"Əli\"}},\n"
            + "{\"number\":\"2\",\"at\":\"2026-11-23T00:30:15\",\"service\":\"10401\",\"account\":\"13\",\"amountQepik\":5,\"budgetLevel\":\"1\",\"budgetCode\":\"111100\"}"
            + "\n],\"count\":2,\"totalQepik\":1050}\n");
        using var read = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(written.Path, TestContext.Current.CancellationToken));
        read.RootElement.GetProperty("payments").GetArrayLength().Should().Be(2);
    }

    [Fact]
    public async Task OSMPs_form_under_a_name_of_its_own_ends_with_its_total()
    {
        var written = await WriteAsync(new RegisterMapping(RegisterLayout.Osmp, "osmp_{day}_{group}.txt"), Line(1, "0012", 1_045, null));

        (await File.ReadAllTextAsync(written.Path, TestContext.Current.CancellationToken)).Should().Be(
            "1\t2026-11-23\t00:30:15\t0012\t10.45\nTotal: 1 10.45\n");
    }

    [Fact]
    public async Task The_same_window_again_is_the_same_file()
    {
        var mapping = new RegisterMapping(RegisterLayout.Json, "{day}-{group}.json");
        var first = await WriteAsync(mapping, Line(1, "1", 5, null));
        var again = await WriteAsync(mapping, Line(1, "1", 5, null));

        (again.Sha256, again.WasThere).Should().Be((first.Sha256, true));
        await FluentActions.Awaiting(() => WriteAsync(mapping, Line(1, "1", 6, null))).Should().ThrowAsync<InvalidDataException>();
    }

    [Theory]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}-{group}.csv\", \"columns\": [{\"is\": \"number\"}, {\"is\": \"account\"}, {\"is\": \"amount\"}]}", null)]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"{provider}_{day}_{group}.json\"}", null)]
    [InlineData("{\"layout\": \"xml\", \"fileName\": \"{day}-{group}\"}", "layout")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"{day}.json\"}", "{group}")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"../{day}{group}\"}", "fileName")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \".{day}{group}\"}", "fileName")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"{day}{group}\", \"encoding\": \"koi8-r\"}", "windows-1251")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"{day}{group}\", \"columns\": [{\"is\": \"number\"}]}", "columns")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\"}", "columns")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\", \"columns\": [{\"is\": \"number\"}, {\"is\": \"account\"}]}", "amount")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\", \"columns\": [{\"is\": \"amount\"}, {\"is\": \"account\"}]}", "number")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\", \"columns\": [{\"is\": \"nomre\"}, {\"is\": \"number\"}, {\"is\": \"account\"}, {\"is\": \"amount\"}]}", "nomre")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\", \"separator\": \",\", \"decimalSign\": \",\", \"columns\": [{\"is\": \"number\"}, {\"is\": \"account\"}, {\"is\": \"amount\"}]}", "the same")]
    [InlineData("{\"layout\": \"csv\", \"fileName\": \"{day}{group}\", \"separator\": \"x\", \"columns\": [{\"is\": \"number\"}, {\"is\": \"account\"}, {\"is\": \"amount\"}]}", "separator")]
    [InlineData("{\"layout\": \"json\", \"fileName\": \"{day}{group}\", \"colour\": 1}", "colour")]
    [InlineData("7", "object")]
    public void A_mapping_is_data_of_the_catalogue_and_its_faults_are_named(string register, string? says)
    {
        var catalogue = File.ReadAllText(Path.Combine(House.Tree.Root, "Processing", "Catalogue", "catalogue.json"));
        var at = catalogue.IndexOf("\"protocol\"", StringComparison.Ordinal);
        var check = CheckCatalogue.Run(Encoding.UTF8.GetBytes(catalogue.Insert(at, $"\"register\": {register}, ")), null, 1);

        if (says is null)
        {
            check.Faults.Should().BeEmpty();
        }
        else
        {
            check.Faults.Should().Contain(fault => fault.Message.Contains(says, StringComparison.Ordinal));
        }
    }

    private static RegisterLine Line(long number, string account, long qepik, string? name) =>
        new(number, 10401, account, name is null ? [] : [new FieldValue("ad", name)], qepik, At);

    private Task<WrittenRegister> WriteAsync(RegisterMapping mapping, params RegisterLine[] lines) => WriteRegister.RunAsync(
        new RegisterFolder(root.FullName), new RegisterOf("istilik", "C4", new LocalDate(2026, 11, 23), "Asia/Baku", RegisterForm.Tab, mapping),
        lines.ToAsyncEnumerable(), TestContext.Current.CancellationToken);
}
