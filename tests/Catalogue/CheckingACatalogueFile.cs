using System.Text;
using EGovPay.Processing.Catalogue;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class CheckingACatalogueFile
{
    /// <summary>A small file without a fault; each test spoils a piece of it.</summary>
    internal const string Good = """
        {
          "format": 1,
          "groups": [
            { "code": "kommunal", "name": { "az": "Kommunal", "en": "Utilities", "ru": "Коммунальные" } },
            { "code": "budce", "name": { "az": "Büdcə", "en": "Budget", "ru": "Бюджет" } }
          ],
          "providers": [
            { "id": 1, "code": "azerishiq", "name": { "az": "Azərişıq", "en": "Azerishiq", "ru": "Азеришыг" },
              "voen": "1400057421", "protocol": "osmp", "address": "osmp/azerishiq",
              "concurrencyLimit": 64, "timeoutSeconds": 8, "deduplicatesFirst": true, "zone": "Asia/Baku" },
            { "id": 2, "code": "din", "name": { "az": "DİN", "en": "MIA", "ru": "МВД" },
              "voen": null, "protocol": "json", "address": "https://din.example/api",
              "concurrencyLimit": 16, "timeoutSeconds": 9, "deduplicatesFirst": false, "zone": "Asia/Baku" }
          ],
          "services": [
            { "code": "10101", "group": "kommunal", "provider": "azerishiq",
              "name": { "az": "İşıq", "en": "Light", "ru": "Свет" },
              "fields": [
                { "name": "abonent", "label": { "az": "Abonent", "en": "Subscriber", "ru": "Абонент" },
                  "pattern": "^\\d{15}$", "check": "luhn", "normalise": "none", "example": "490154203237518" }
              ],
              "rules": [
                { "from": "2015-01-01", "amount": { "mode": "any", "minAzn": 0.10, "maxAzn": 1000 },
                  "fee": { "kind": "none" }, "inquiry": "optional", "delivery": "online", "cutOff": "C1",
                  "reversibleMinutes": 15, "hours": { "opens": "09:00", "closes": "18:00" }, "open": true },
                { "from": "2026-01-01", "fee": { "kind": "flat", "amountAzn": 0.40, "paidBy": "payer" },
                  "amount": { "mode": "fixed", "minAzn": 5.00, "maxAzn": 20.00, "choicesAzn": [5, 10.5, 20.00] },
                  "inquiry": "none", "delivery": "online", "cutOff": "C1", "reversibleMinutes": 0 }
              ]
            },
            { "code": "40101", "group": "budce", "provider": "din", "portable": false,
              "budgetLevel": "1", "budgetCode": "143100",
              "name": { "az": "Cərimə", "en": "Fine", "ru": "Штраф" },
              "fields": [
                { "name": "protokol", "label": { "az": "Protokol", "en": "Protocol", "ru": "Протокол" },
                  "pattern": "^[A-Z]{2,3}\\d{6,8}$", "normalise": "upper", "example": "AAA0000001" }
              ],
              "rules": [
                { "from": "2015-01-01", "amount": { "mode": "full", "minAzn": 1.00, "maxAzn": 5000.00 },
                  "fee": { "kind": "percent", "percent": 0.15, "floorAzn": 0.40, "capAzn": 15, "paidBy": "payer" },
                  "inquiry": "required", "delivery": "online", "cutOff": "C3", "reversibleMinutes": 0 }
              ]
            }
          ]
        }
        """;

    [Fact]
    public void A_file_without_fault_becomes_a_catalogue()
    {
        var check = Check(Good);
        check.Faults.Should().BeEmpty();
        check.Catalogue!.Services.Select(service => service.Code).Should().Equal(10101, 40101);
        check.Catalogue.Find(10101)!.Rules[1].Choices!.Select(choice => choice.Qepik).Should().Equal(500, 1_050, 2_000);
        check.Catalogue.Provider(2)!.Address.Should().Be("https://din.example/api");
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_do_no_harm() =>
        CheckCatalogue
            .Run([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Good.ReplaceLineEndings("\r\n"))], null)
            .Faults.Should().BeEmpty();

    [Theory]
    [InlineData("\"format\": 1", "\"format\": 2", "\"format\" must be a whole number from 1 to 1")]
    [InlineData("\"format\": 1", "\"format\": 1, \"colour\": \"red\"", "has no property \"colour\"")]
    [InlineData("\"code\": \"kommunal\", \"name\"", "\"code\": \"elektrik\", \"name\"",
        "group \"elektrik\" is unknown")]
    [InlineData("{ \"code\": \"budce\", \"name\"", "{ \"code\": \"kommunal\", \"name\"", "here twice")]
    [InlineData("\"id\": 1,", "\"id\": 0,", "whole number from 1 to 30000")]
    [InlineData("\"id\": 2,", "\"id\": 1,", "provider id 1 is here twice (first on line 8)")]
    [InlineData("\"id\": 2,", "\"id\": 2.5,", "whole number")]
    [InlineData("\"code\": \"din\"", "\"code\": \"azerishiq\"", "here twice (first on line 8)")]
    [InlineData("\"code\": \"din\"", "\"code\": \"DİN\"", "lower-case ASCII")]
    [InlineData("\"voen\": \"1400057421\"", "\"voen\": \"1400057411\"", "check digit")]
    [InlineData("\"protocol\": \"osmp\"", "\"protocol\": \"soap\"", "protocol \"soap\" is unknown")]
    [InlineData("\"https://din.example/api\"", "\"https://user:word@din.example/api\"", "password")]
    [InlineData("\"https://din.example/api\"", "\"../etc\"", "must be relative")]
    [InlineData("\"https://din.example/api\"", "\"ftp://din.example\"", "must be relative")]
    [InlineData("\"concurrencyLimit\": 16", "\"concurrencyLimit\": 0", "from 1 to 10000")]
    [InlineData("\"timeoutSeconds\": 9", "\"timeoutSeconds\": 61", "from 1 to 60")]
    [InlineData("\"deduplicatesFirst\": false, \"zone\": \"Asia/Baku\"",
        "\"deduplicatesFirst\": 0, \"zone\": \"Asia/Baku\"", "true or false")]
    [InlineData("\"deduplicatesFirst\": false, \"zone\": \"Asia/Baku\"",
        "\"deduplicatesFirst\": false, \"zone\": \"Baku\"", "time zone \"Baku\"")]
    [InlineData("\"code\": \"10101\"", "\"code\": \"1010\"", "five digits")]
    [InlineData("\"code\": \"10101\"", "\"code\": 10101", "must be a text in quotes")]
    [InlineData("\"code\": \"40101\"", "\"code\": \"10101\"", "service 10101 is here twice (first on line 16)")]
    [InlineData("\"code\": \"40101\"", "\"code\": \"50101\"", "begin with 4")]
    [InlineData("\"group\": \"kommunal\"", "\"group\": \"diger\"", "not among the file's groups")]
    [InlineData("\"provider\": \"din\"", "\"provider\": \"dinn\"", "not among the file's providers")]
    [InlineData("\"portable\": false", "\"portable\": \"no\"", "true or false")]
    [InlineData("\"budgetLevel\": \"1\"", "\"budgetLevel\": \"10\"", "one digit")]
    [InlineData("\"budgetLevel\": \"1\"", "\"budgetLevel\": null", "needs a \"budgetLevel\"")]
    [InlineData("\"budgetCode\": \"143100\"", "\"budgetCode\": \"14310\"", "six digits")]
    [InlineData("\"budgetCode\": \"143100\"", "\"budgetCode\": null", "either a \"budgetCode\" or a field")]
    [InlineData("{ \"az\": \"İşıq\", \"en\"", "{ \"az\": \"\", \"en\"", "\"az\" must be 1 to 200 characters")]
    [InlineData("{ \"az\": \"İşıq\", \"en\"", "{ \"en\"", "\"az\" is missing")]
    [InlineData("\"en\": \"Light\"", "\"en\": \"Light\", \"en\": \"Bright\"", "\"en\" is here twice")]
    [InlineData("\"en\": \"Light\"", "\"en\": \"Li\\u0000ght\"", "without control characters")]
    [InlineData("\"name\": \"abonent\"", "\"name\": \"Abonent\"", "lower-case ASCII letters, digits and underscores")]
    [InlineData("^\\\\d{15}$", "^\\\\d{15$", "count")]
    [InlineData("^\\\\d{15}$", "^(\\\\d{15}$", "does not compile")]
    [InlineData("^\\\\d{15}$", "^\\\\d{15})$", "closes nothing")]
    [InlineData("^\\\\d{15}$", "^\\\\d{15,14}$", "nor end below its beginning")]
    [InlineData("^\\\\d{15}$", "^\\\\d{,15}$", "must begin a count")]
    [InlineData("^\\\\d{15}$", "^+\\\\d{15}$", "nothing before +")]
    [InlineData("^\\\\d{15}$", "\\\\d{15}$", "begin with ^ and end with $")]
    [InlineData("^\\\\d{15}$", "^\\\\d{15}", "begin with ^ and end with $")]
    [InlineData("^\\\\d{15}$", "^\\\\d{15}\\\\$", "begin with ^ and end with $")]
    [InlineData("^\\\\d{15}$", "^a|\\\\d{15}$", "alternatives need brackets")]
    [InlineData("^\\\\d{15}$", "^(?=a)\\\\d{15}$", "groups are allowed")]
    [InlineData("^\\\\d{15}$", "^\\\\w{15}$", "\\w is not allowed")]
    [InlineData("^\\\\d{15}$", "^(\\\\d)\\\\1{14}$", "\\1 is not allowed")]
    [InlineData("^\\\\d{15}$", "^\\\\d{1,9999}$", "may not be above 200")]
    [InlineData("^\\\\d{15}$", "^[\\\\d{15}$", "not closed")]
    [InlineData("^\\\\d{15}$", "^ə?\\\\d{15}$", "ASCII")]
    [InlineData("\"490154203237518\"", "\"49015420323751\"", "does not accept the example")]
    [InlineData("\"490154203237518\"", "\"490154203237519\"", "fails the check digit rule luhn")]
    [InlineData("\"check\": \"luhn\"", "\"check\": \"crc\"", "must be one of: none, luhn, mod97, mod11, voen")]
    [InlineData("\"normalise\": \"none\"", "\"normalise\": \"trim\"", "must be one of: none, phone, fin, upper")]
    [InlineData("\"from\": \"2026-01-01\"", "\"from\": \"2026-02-30\"", "must be a date")]
    [InlineData("\"from\": \"2026-01-01\"", "\"from\": \"2015-01-01\"", "later than the one before it (2015-01-01)")]
    [InlineData("\"from\": \"2026-01-01\"", "\"from\": \"2014-12-31\"", "later than the one before it (2015-01-01)")]
    [InlineData("\"mode\": \"any\"", "\"mode\": \"some\"", "any, full, fixed")]
    [InlineData("\"mode\": \"any\"", "\"mode\": \"fixed\"", "a fixed amount needs minAzn = maxAzn, or a list")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": 0.105", "at most two decimals")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": -1", "at most two decimals")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": 1e1", "at most two decimals")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": \"0.10\"", "at most two decimals")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": 0", "from 0.01")]
    [InlineData("\"minAzn\": 0.10", "\"minAzn\": 2000", "is above maxAzn")]
    [InlineData("\"maxAzn\": 1000 ", "\"maxAzn\": 99999999999 ", "from 0.01 to 10000000.00")]
    [InlineData("[5, 10.5, 20.00]", "[5, 10.5, 20.01]", "choice 20.01 is outside")]
    [InlineData("[5, 10.5, 20.00]", "[5, 20, 10]", "choice 10.00 must be above")]
    [InlineData("[5, 10.5, 20.00]", "[5, 5]", "choice 5.00 must be above")]
    [InlineData("[5, 10.5, 20.00]", "[]", "1 to 50 items")]
    [InlineData("\"mode\": \"fixed\"", "\"mode\": \"any\"", "belongs to the mode fixed")]
    [InlineData("\"kind\": \"none\"", "\"kind\": \"some\"", "none, flat, percent")]
    [InlineData("\"kind\": \"none\"", "\"kind\": \"none\", \"percent\": 1", "has no \"percent\"")]
    [InlineData("\"amountAzn\": 0.40", "\"amountAzn\": 0", "from 0.01")]
    [InlineData("\"percent\": 0.15", "\"percent\": 100.01", "from 0.01 to 100")]
    [InlineData("\"percent\": 0.15", "\"percent\": 0.155", "at most two decimals")]
    [InlineData("\"floorAzn\": 0.40", "\"floorAzn\": 15.01", "is above capAzn")]
    [InlineData("\"capAzn\": 15, \"paidBy\": \"payer\"", "\"capAzn\": 15, \"paidBy\": \"bank\"", "payer, provider")]
    [InlineData("\"inquiry\": \"required\"", "\"inquiry\": \"optional\"", "write \"inquiry\": \"required\"")]
    [InlineData("\"delivery\": \"online\", \"cutOff\": \"C3\"", "\"delivery\": \"register\", \"cutOff\": \"C3\"",
        "register goes with register")]
    [InlineData("\"cutOff\": \"C3\"", "\"cutOff\": \"C5\"", "cut-off \"C5\" is unknown")]
    [InlineData("\"reversibleMinutes\": 15", "\"reversibleMinutes\": -1", "from 0 to 10080")]
    [InlineData("\"closes\": \"18:00\"", "\"closes\": \"24:00\"", "time of day")]
    [InlineData("\"closes\": \"18:00\"", "\"closes\": \"09:00\"", "at the same time")]
    [InlineData("\"open\": true", "\"open\": \"true\"", "true or false")]
    public void A_fault_is_named_with_its_line(string right, string wrong, string message)
    {
        var text = Good.ReplaceLineEndings("\n");
        var at = text.IndexOf(right, StringComparison.Ordinal);
        at.Should().BePositive("the test spoils something that is there: {0}", right);
        var check = Check(string.Concat(text.AsSpan(0, at), wrong, text.AsSpan(at + right.Length)));
        check.Catalogue.Should().BeNull();
        check.Faults.Should().Contain(
            fault => fault.Line == LineOf(text, at) && fault.Message.Contains(message, StringComparison.Ordinal),
            "of {0}", string.Join("\n", check.Faults));
    }

    [Fact]
    public void Every_fault_is_named_in_one_run_by_line()
    {
        var spoiled = Good
            .Replace("\"zone\": \"Asia/Baku\"", "\"zone\": \"Mars\"", StringComparison.Ordinal)
            .Replace("\"cutOff\": \"C3\"", "\"cutOff\": \"C9\"", StringComparison.Ordinal)
            .Replace("\"example\": \"AAA0000001\"", "\"example\": \"1\"", StringComparison.Ordinal)
            .Replace("\"ru\": \"Свет\"", "\"de\": \"Licht\"", StringComparison.Ordinal);
        var faults = Check(spoiled).Faults;
        faults.Select(fault => fault.Line).Should().Equal(10, 13, 17, 17, 36, 41);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("   \n ", 2)]
    [InlineData("[]", 1)]
    [InlineData("null", 1)]
    [InlineData("\"catalogue\"", 1)]
    [InlineData("{\n  \"format\": 1,\n}", 3)]
    [InlineData("{\n  \"format\": 1\n  \"groups\": []\n}", 3)]
    [InlineData("{\n  // comment\n}", 2)]
    [InlineData("{\n\n}\n}", 4)]
    [InlineData("[[[[[[[[[[[[[[[[[[[[", 1)]
    [InlineData("{ \"format\": \"\\ud800\" }", 1)]
    [InlineData("{ \"\\ud800\": 1 }", 1)]
    public void What_is_no_catalogue_at_all_is_refused_with_a_line(string text, int line)
    {
        var check = Check(text);
        check.Catalogue.Should().BeNull();
        check.Faults.Should().Contain(fault => fault.Line == line, "of {0}", string.Join("\n", check.Faults));
    }

    [Fact]
    public void A_file_that_breaks_off_still_names_what_was_wrong_before()
    {
        var text = Good.Replace("\"zone\": \"Asia/Baku\"", "\"zone\": \"Mars\"", StringComparison.Ordinal);
        text = text[..text.IndexOf("\"rules\"", StringComparison.Ordinal)];
        var faults = Check(text).Faults;
        faults.Should().HaveCount(3)
            .And.NotContain(fault => fault.Message.Contains("missing", StringComparison.Ordinal));
        faults[2].Message.Should().StartWith("Not JSON from here on");
        faults[2].Line.Should().Be(text.Split('\n').Length);
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused_with_its_line()
    {
        var bytes = Encoding.UTF8.GetBytes(Good);
        bytes[Encoding.UTF8.GetByteCount(Good[..Good.IndexOf("Коммунальные", StringComparison.Ordinal)])] = 0xc0;
        CheckCatalogue.Run(bytes, null).Faults.Should().ContainSingle().Which.Line.Should().Be(4);
    }

    [Fact]
    public void A_file_above_eight_mebibytes_is_not_read() =>
        CheckCatalogue.Run(new byte[CheckCatalogue.MostBytes + 1], null).Faults.Should().ContainSingle();

    [Fact]
    public void A_hostile_file_ends_soon_and_with_a_bounded_list()
    {
        var many = "{" + string.Join(',', Enumerable.Range(0, 300_000).Select(i => $"\n\"p{i}\": {{}}")) + "}";
        Check(many).Faults.Count.Should().BeLessThan(200);
        var services = string.Join(',', Enumerable.Repeat("\n1", 20_000));
        Check($$"""{"format":1,"services":[{{services}}]}""").Faults.Should().HaveCount(10_001);
    }

    [Fact]
    public void Numbers_and_codes_keep_the_meaning_they_have_in_force()
    {
        var inForce = Check(Good).Catalogue!;
        CheckCatalogue.Run(Encoding.UTF8.GetBytes(Good), inForce).Faults.Should().BeEmpty();
        Against(inForce, "\"id\": 2,", "\"id\": 3,").Should().Contain("has the id 2 in the catalogue in force");
        Against(inForce, "\"din\"", "\"bdypi\"")
            .Should().Contain("provider \"din\" (2)").And.Contain("id 2 belongs to \"din\"");
        Against(inForce, "\"40101\"", "\"40102\"")
            .Should().Contain("service 40101 (Fine) of the catalogue in force is missing");
    }

    [Fact]
    public void Whatever_is_cut_out_of_a_file_it_is_refused_or_still_whole() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, Good.Length - 1)), Arb.From(Gen.Choose(1, 40)), (at, count) =>
        {
            var spoiled = Good.Remove(at, Math.Min(count, Good.Length - at));
            var check = Check(spoiled);
            return check.Good == (check.Faults.Count == 0) && check.Faults.All(fault => fault.Line >= 1);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static string Against(CatalogueSnapshot inForce, string right, string wrong) =>
        string.Join('\n', CheckCatalogue
        .Run(Encoding.UTF8.GetBytes(Good.Replace(right, wrong, StringComparison.Ordinal)), inForce).Faults);

    private static CatalogueCheck Check(string text) => CheckCatalogue.Run(Encoding.UTF8.GetBytes(text), null);

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;
}
