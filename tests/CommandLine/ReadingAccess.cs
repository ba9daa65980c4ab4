using EGovPay.Terminals.CommandLine;
using FluentAssertions;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.CommandLine;

/// <summary>The file of credentials for providers.</summary>
public sealed class ReadingAccess : IDisposable
{
    private readonly string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Each_provider_gets_its_own_credentials_and_one_that_is_not_named_gets_none()
    {
        var secret = Convert.ToBase64String(new byte[32]);
        var access = Read("{\"azerishiq\":{\"user\":\"us\",\"password\":\"sesam\"},"
            + $"\"dmx\":{{\"keyId\":\"egovpay\",\"keySecret\":\"{secret}\"}}}}");
        (access(Electricity).User, access(Electricity).Password, access(Electricity).Key).Should().Be(("us", "sesam", null));
        access(Electricity).ToString().Should().NotContain("sesam");
        access(Migration).Key!.Id.Should().Be("egovpay");
        (access(Gas).User, access(Gas).Key).Should().Be((null, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"dmx\":1}")]
    [InlineData("{\"dmx\":{\"password\":5}}")]
    [InlineData("{\"dmx\":{\"pasword\":\"c2VzYW0=\"}}")]
    [InlineData("{\"dmx\":{\"keySecret\":\"c2VzYW0=\"}}")]
    [InlineData("{\"dmx\":{\"keyId\":\"c2VzYW0=\"}}")]
    [InlineData("{\"dmx\":{\"keyId\":\"a\",\"keySecret\":\"c2VzYW0=?\"}}")]
    [InlineData("{\"dmx\":{},\"dmx\":{\"password\":\"c2VzYW0=\"}}")]
    public void A_file_that_cannot_be_used_is_named_and_nothing_of_its_values_is_shown(string json)
    {
        var fault = this.Invoking(it => it.Read(json)).Should().Throw<CommandException>().Which;
        fault.Message.Should().Contain(file).And.NotContain("c2VzYW0=");
    }

    private Func<EGovPay.Processing.Catalogue.ProviderSettings, EGovPay.Providers.ProviderAccess> Read(string json)
    {
        File.WriteAllText(file, json);
        return ReadAccess.From(file);
    }
}
