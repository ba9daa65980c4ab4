using System.Text;
using EGovPay.Processing;
using EGovPay.Providers.Osmp;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Providers.Osmp;

/// <summary>What we answer when we are the provider.</summary>
public sealed class OsmpReplyTests
{
    [Fact]
    public void An_answer_is_read_back_as_it_was_written()
    {
        var reply = new OsmpReply(0, "00123", "731000000042", 1_045, "Əla & <yaxşı>", [new("payer", "Ə*** \"M\"")]);
        var read = OsmpAnswer.Read(reply.ToXml(), null, out _)!;
        (read.Result, read.Transaction, read.ProviderTransaction, read.SumQepik, read.Comment)
            .Should().Be((0, "00123", "731000000042", 1_045L, "Əla & <yaxşı>"));
        read.Field("payer").Should().Be("Ə*** \"M\"");
        Encoding.UTF8.GetString(reply.ToXml()).Should().StartWith("<?xml version=\"1.0\" encoding=\"utf-8\"?><response>");
    }

    [Fact]
    public void It_is_well_formed_whatever_is_echoed() => Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(), ArbMap.Default.ArbFor<string?>(),
        (transaction, comment) =>
            OsmpAnswer.Read(new OsmpReply(300, transaction, Comment: comment).ToXml(), null, out _) is { Result: 300 })
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("300", new[] { 100, 140, 200, 220, 221, 222, 223, 232, 233, 234 })]
    [InlineData("10", new[] { 110, 111, 112 })]
    [InlineData("7", new[] { 120, 121, 201, 202 })]
    [InlineData("4", new[] { 210, 211, 212, 213 })]
    [InlineData("241", new[] { 230 })]
    [InlineData("242", new[] { 231 })]
    [InlineData("5", new[] { 240 })]
    [InlineData("79", new[] { 241 })]
    [InlineData("1", new[] { 130, 300, 301, 400, 900, 910, 911 })]
    public void Each_refusal_has_its_code(string code, int[] refusals) =>
        refusals.Select(refusal => $"{OsmpReply.ResultOf((Refusal)refusal)}").Should().OnlyContain(result => result == code);

    [Theory]
    [InlineData("79", 79)]
    [InlineData("300", 300)]
    [InlineData("0", 300)]
    [InlineData("1", 300)]
    [InlineData("90", 300)]
    [InlineData("13", 300)]
    [InlineData("account-not-found", 300)]
    [InlineData(null, 300)]
    public void A_decline_keeps_the_providers_own_final_code(string? code, int result) =>
        OsmpReply.ResultOfDecline(code).Should().Be(result);
}
