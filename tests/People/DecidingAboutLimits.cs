using EGovPay.Processing.People;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.People;

public sealed class DecidingAboutLimits
{
    [Fact]
    public async Task A_node_that_wakes_late_does_not_bring_an_old_limit_back()
    {
        await using var d = await Decisions.OpenAsync();
        var old = await ApproveAsync(d, 100_000);
        await ApproveAsync(d, 200_000);

        // What another node would do now that read the first decision while it was approved, and was frozen since.
        var agentId = d.Stage.Agent.AgentId;
        (await d.Engine.Funds.SetLimitAsync(agentId, 1, 100_000, before: 0, old)).Should().BeFalse();
        (await d.Engine.Funds.LookAsync(agentId, 1)).CreditLimitQepik.Should().Be(200_000);
    }

    private static async Task<long> ApproveAsync(Decisions d, long limitQepik)
    {
        var proposed = await d.Engine.Proposals.ProposeLimitAsync(
            Decisions.Doer, d.Stage.Agent.AgentId, 1, limitQepik, "a letter");
        proposed.Result.Should().Be(ProposeResult.Made);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, proposed.Id)).Result.Should().Be(DecideResult.Done);
        return proposed.Id;
    }
}
