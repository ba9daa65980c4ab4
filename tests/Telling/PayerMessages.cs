using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>Payers who left an address, over real SMTP and a real HTTP gateway.</summary>
public sealed class PayerMessages : IAsyncLifetime
{
    private readonly MailServer relay = new();
    private Receiver gateway = null!;
    private TellingCentre centre = null!;

    public async ValueTask InitializeAsync()
    {
        gateway = await Receiver.StartAsync();
        centre = await TellingCentre.StartAsync(new PayerChannels(Email: true, Sms: true));
        centre.Tell(new TellingSettings
        {
            PublicAddress = "https://odenis.example",
            Mail = new MailRelay("127.0.0.1", relay.Port, StartTls: false, null, null, "odenis@egovpay.example"),
            Sms = new SmsGateway(gateway.Address, "sms-key", "eGovPay"),
            AttemptTimeout = TimeSpan.FromSeconds(2),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await centre.DisposeAsync();
        await gateway.DisposeAsync();
        await relay.DisposeAsync();
    }

    [Fact]
    public async Task A_confirmed_payment_is_told_by_e_mail_and_sms_in_the_payers_language_with_a_masked_account()
    {
        var payment = await centre.PayAsync("P-1", contact: new Contact("aysel@posta.example", "050 123 45 67", "az"));
        var letter = await relay.NextAsync();
        letter.To.Should().Contain("<aysel@posta.example>");
        letter.From.Should().Contain("<odenis@egovpay.example>");
        letter.Subject.Should().StartWith("Ödənişiniz çatdı: Azərişıq").And.EndWith("23.50 AZN");
        letter.Header("Message-ID").Should().Be($"<evt_{payment.Number}_1@egovpay.example>");
        letter.Header("Auto-Submitted").Should().Be("auto-generated");
        letter.Body.Should().Contain("Ödənişiniz təşkilata çatdı.").And.Contain("0123*******1234").And.Contain("23.50 AZN")
            .And.Contain("https://odenis.example/verify/").And.NotContain("012345678901234");

        await gateway.UntilAsync(heard => heard.Count == 1);
        var sms = gateway.All[0];
        sms.Authorization.Should().Be("Bearer sms-key");
        ((string)sms.Json["to"]!).Should().Be("+994501234567");
        ((string)sms.Json["id"]!).Should().Be($"evt_{payment.Number}_1");
        ((string)sms.Json["text"]!).Should().Contain("ödənişiniz çatdı").And.Contain("*1234").And.Contain("/verify/")
            .And.NotContain("012345678901234");
        ((string)sms.Json["text"]!).Length.Should().BeLessThanOrEqualTo(134);
        await centre.UntilAsync("select count(*) from told where receiver < 0", 2);
        (await centre.Database.AskAsync<long>("select count(*) from payment where contact is not null"))
            .Should().Be(0, "an address lies apart, where it can be forgotten");
    }

    [Theory]
    [InlineData("en", "Your payment has arrived", "your payment has arrived")]
    [InlineData("ru", "Ваш платёж дошёл", "ваш платёж дошёл")]
    [InlineData(null, "Ödənişiniz çatdı", "ödənişiniz çatdı")]
    public async Task Other_languages_are_spoken_too(string? language, string subject, string text)
    {
        await centre.PayAsync("P-1", contact: new Contact("a@b.example", "+994501234567", language));
        (await relay.NextAsync()).Subject.Should().StartWith(subject);
        await gateway.UntilAsync(heard => heard.Count == 1);
        ((string)gateway.All[0].Json["text"]!).Should().Contain(text);
    }

    [Fact]
    public async Task A_reversal_and_a_correction_are_told_and_each_says_what_becomes_of_the_money()
    {
        var payment = await centre.PayAsync("P-1", contact: new Contact("a@b.example", null, "en"));
        (await relay.NextAsync()).Subject.Should().StartWith("Your payment has arrived");
        await HappenAsync(payment.Number, PaymentEvent.ReversalRequested);
        await HappenAsync(payment.Number, PaymentEvent.ProviderReversed);
        (await relay.NextAsync()).Body.Should().Contain("taken back").And.Contain("Your money is given back where you paid");
        await HappenAsync(payment.Number, PaymentEvent.RegisterShowsDelivered);
        (await relay.NextAsync()).Subject.Should().StartWith("Your payment has arrived");
        await HappenAsync(payment.Number, PaymentEvent.RegisterShowsAbsent);
        (await relay.NextAsync()).Body.Should().Contain("did not reach the organisation").And.Contain("against the receipt");
    }

    [Fact]
    public async Task A_refusal_that_the_terminal_was_told_at_once_is_not_told_to_the_payer_and_a_late_one_is()
    {
        var declined = await centre.PayAsync("P-1", account: "012345678966601", contact: new Contact("a@b.example", null, "ru"));
        declined.State.Should().Be(PaymentState.Declined);
        await centre.UntilAsync("select count(*) from told where receiver = 0", 1);

        var silent = await centre.PayAsync(
            "P-2", account: "012345678966628", contact: new Contact("a@b.example", null, "ru"), patience: TimeSpan.FromSeconds(1));
        await centre.UntilAsync($"select count(*) from event where number = {silent.Number} and edge = 12", 1);
        await HappenAsync(silent.Number, PaymentEvent.OperatorDeclined);
        var letter = await relay.NextAsync();
        letter.Subject.Should().StartWith("Ваш платёж не удалось доставить");
        letter.Body.Should().Contain("Потребуйте деньги");
        relay.Letters.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_relay_that_hangs_breaks_off_or_says_later_gets_the_letter_in_the_end()
    {
        relay.Mute = true;
        await centre.PayAsync("P-1", contact: new Contact("a@b.example", null, "en"));
        await centre.UntilAsync("select count(*) from delivery where attempts = 1 and note = 'no answer in time'", 1);
        relay.Mute = false;
        relay.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "450 later" : null;
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        await centre.UntilAsync("select count(*) from delivery where attempts = 2 and note = 'SMTP 450'", 1);
        relay.Answer = line => line == "\r\n." ? "451 not now" : null;
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        await centre.UntilAsync("select count(*) from delivery where attempts = 3 and note is not null and next_at > now() + interval '60 s'", 1);
        relay.Answer = line => line.StartsWith("MAIL", StringComparison.Ordinal) ? "" : null;
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        await centre.UntilAsync("select count(*) from delivery where attempts = 4 and next_at > now() + interval '60 s'", 1);
        relay.Answer = _ => null;
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        (await relay.NextAsync()).Subject.Should().StartWith("Your payment has arrived");
        await centre.UntilAsync("select attempts::bigint from told where receiver = -1", 5);
    }

    [Fact]
    public async Task A_mailbox_that_does_not_exist_and_an_address_that_injects_are_dead_letters_at_once_without_the_address_in_the_note()
    {
        relay.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 no such user nobody@b.example" : null;
        await centre.PayAsync("P-1", contact: new Contact("nobody@b.example", "123", "en"));
        await centre.PayAsync("P-2", contact: new Contact("a@b.example\r\nBcc: all@b.example", null, "en"));
        await centre.UntilAsync("select count(*) from delivery where dead_at is not null", 3);
        var notes = await centre.Database.AskAsync<string>("select string_agg(note, '; ' order by note collate \"C\") from delivery");
        notes.Should().Be("SMTP 550; no e-mail address; no phone number");
        relay.Letters.Should().BeEmpty();
    }

    [Fact]
    public async Task A_gateway_that_says_no_is_believed_and_one_that_is_ill_is_tried_again()
    {
        gateway.Answer = (context, _) =>
        {
            context.Response.StatusCode = 422;
            return Task.CompletedTask;
        };
        await centre.PayAsync("P-1", contact: new Contact(null, "0501234567", "en"));
        await centre.UntilAsync("select count(*) from delivery where dead_at is not null and note = 'HTTP 422'", 1);
        gateway.Answer = (context, _) =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await centre.PayAsync("P-2", contact: new Contact(null, "0501234567", "en"));
        await centre.UntilAsync("select count(*) from delivery where dead_at is null and attempts = 1 and note = 'HTTP 503'", 1);
    }

    [Fact]
    public async Task An_address_is_forgotten_when_nothing_more_can_be_told()
    {
        await centre.PayAsync("P-1", contact: new Contact("a@b.example", null, "en"));
        await relay.NextAsync();
        await centre.Engine.Deliveries.ForgetAsync(CancellationToken.None);
        (await centre.Database.AskAsync<long>("select count(*) from payer_contact")).Should().Be(1);
        await centre.Database.ExecuteAsync("update payer_contact set accepted_at = now() - interval '41 days'");
        await centre.Engine.Deliveries.ForgetAsync(CancellationToken.None);
        (await centre.Database.AskAsync<long>("select count(*) from payer_contact")).Should().Be(0);
    }

    private async Task HappenAsync(long number, PaymentEvent what)
    {
        var now = (await centre.Engine.Book.FindAsync(centre.Terminal.AgentId, number))!;
        var edge = Transitions.Find(now.State, what)!;
        var recorded = await centre.Engine.Journal.RecordAsync(new Happening
        {
            AgentId = now.AgentId,
            Number = now.Number,
            SeenStep = now.Step,
            SeenEdge = now.Edge,
            Edge = edge,
            NodeId = centre.Engine.Node.Id,
            DeclineName = edge.To == PaymentState.Declined ? "operator" : null,
            MadeBy = edge.TwoPeople ? "aysel" : null,
            ApprovedBy = edge.TwoPeople ? "resad" : null,
        });
        recorded.Done.Should().BeTrue();
    }
}
