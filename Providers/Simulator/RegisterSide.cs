using EGovPay.Processing.Catalogue;
using Microsoft.AspNetCore.Http;

namespace EGovPay.Providers.Simulator;

/// <summary>The receiver's end of a register delivery.</summary>
internal sealed class RegisterSide(SimulatedBook book)
{
    public Task ServeAsync(HttpContext context, ProviderSettings provider) =>
        SimulatedWire.PlainAsync(context, 501, $"{provider.Code} {book.Count}\n");
}
