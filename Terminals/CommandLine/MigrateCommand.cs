using System.Globalization;
using EGovPay.Processing.Schema;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay migrate`: the schema brought to this program's.</summary>
internal static class MigrateCommand
{
    public static Verb Build()
    {
        var json = Print.JsonOption();
        return new Verb(
                "migrate",
                "Brings the database's schema to this program's. Forward only; a schema newer than the program is "
                + "refused.",
                "egovpay migrate",
                "EGOVPAY_DATABASE='Host=db;Username=egovpay;Database=egovpay' egovpay migrate --json")
            .With(json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel, migrated: false);
                var run = await Migrate.RunAsync(store.ConnectionString, cancellation: cancel);
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    Print.Json(output, line =>
                    {
                        line.WriteNumber("schema", run.SchemaNumber);
                        line.WriteStartArray("applied");
                        foreach (var number in run.Applied)
                        {
                            line.WriteNumberValue(number);
                        }

                        line.WriteEndArray();
                    });
                }
                else
                {
                    await output.WriteLineAsync(run.Applied.Count == 0
                        ? string.Create(
                            CultureInfo.InvariantCulture,
                            $"The schema is at {run.SchemaNumber}; there was nothing to do.")
                        : string.Create(CultureInfo.InvariantCulture,
                            $"The schema is at {run.SchemaNumber}; applied: {string.Join(", ", run.Applied)}."));
                }

                return Exit.Done;
            });
    }
}
