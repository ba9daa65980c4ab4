using System.Net;
using EGovPay.Terminals.Api;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>What is remembered of who was locked out. It measures the whole process, so nothing runs beside it.</summary>
[Collection(nameof(Torture.Alone))]
public sealed class RememberingAddresses
{
    [Fact]
    public void A_million_addresses_take_no_more_memory_than_one()
    {
        var lockouts = new Lockouts(new ManualTime());
        lockouts.Failed(IPAddress.Loopback, 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 1_000_000; i++)
        {
            lockouts.Failed(new IPAddress((long)i << 8 | 10), 0);
        }

        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(1_000_000);
        GC.KeepAlive(lockouts);
    }
}
