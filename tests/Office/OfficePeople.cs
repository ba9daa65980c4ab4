using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;

namespace EGovPay.Tests.Office;

/// <summary>Clients of the finance office's API, each with the key of somebody new.</summary>
internal static class OfficePeople
{
    private static int people;

    /// <summary>A client whose person has these roles.</summary>
    public static async Task<HttpClient> ClientAsync(this HttpCentre centre, params Role[] roles)
    {
        var login = FormattableString.Invariant($"office-{Interlocked.Increment(ref people)}");
        return centre.ClientOf(await new TestPeople(centre.Database.DataSource).AddAsync(new Person(login, "O", roles)));
    }
}
