using System.Globalization;
using EGovPay.Processing.Audit;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay audit`: everything that must always hold, held against the live database.</summary>
internal static class AuditCommand
{
    public static Verb Build() => new Verb(
        "audit",
        "Checks every invariant on the live database, beside running nodes, in short snapshots. Exit code 1 on any "
        + "violation; the last line is JSON.",
        "egovpay audit",
        "egovpay audit | tail -1")
        .Does(async (parsed, cancel) =>
        {
            await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
            var report = await AuditBooks.RunAsync(store.Database, Tell(), cancel);
            var output = parsed.InvocationConfiguration.Output;
            string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
            Print.Table(
                output, null, ["invariant", ">checked", ">violations", "what must hold"],
                report.Invariants.Select(
                    one => new[] { one.Name, Number(one.Checked), Number(one.Violations), one.Statement }));
            foreach (var broken in report.Invariants.Where(one => one.Violations > 0))
            {
                foreach (var offender in broken.Offenders)
                {
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{broken.Name}: agent {offender.AgentId}, number {offender.Number}: {offender.What}"));
                }
            }

            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"Took {report.Took.TotalSeconds:0.0} s; the longest snapshot "
                + $"{report.LongestSnapshot.TotalSeconds:0.0} s."));
            Print.Json(output, line =>
            {
                line.WriteNumber("payments", report.Payments);
                line.WriteNumber("transfers", report.Transfers);
                line.WriteNumber("violations", report.Violations);
            });
            return report.Violations == 0 ? Exit.Done : Exit.Failed;
        });

    /// <summary>Progress for somebody who watches; nobody otherwise.</summary>
    private static Action<AuditProgress>? Tell() => Console.IsErrorRedirected ? null : at => Console.Error.Write(
        string.Create(
            CultureInfo.InvariantCulture, $"\r{at.AgentsDone} of {at.Agents} agents, {at.Payments} payments "));
}
