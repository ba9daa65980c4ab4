using System.Text;
using EGovPay.Settlement.Statements;

namespace EGovPay.Tests.Statements;

/// <summary>A statement as it was read.</summary>
internal sealed record ReadStatement(StatementHead Head)
{
    public List<StatementEntry> Entries { get; } = [];

    public StatementFoot? Foot { get; set; }
}

/// <summary>Keeps all that is read, and holds the reader to its order.</summary>
internal sealed class Collected : IStatementSink
{
    public List<ReadStatement> Statements { get; } = [];

    public List<StatementNote> Notes { get; } = [];

    public StatementReading? Reading { get; private set; }

    public IEnumerable<StatementEntry> Entries => Statements.SelectMany(statement => statement.Entries);

    public static Task<Collected> Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static async Task<Collected> Of(byte[] file)
    {
        var collected = new Collected();
        collected.Reading = await ReadStatements.From(new MemoryStream(file), collected);
        return collected;
    }

    public static Task<Collected> OfFixture(params string[] path)
    {
        var file = Path.Combine([Fixtures.Root, "statements", .. path]);
        Xunit.Assert.SkipUnless(File.Exists(file), $"The fixtures are not there: {file}");
        return Of(File.ReadAllBytes(file));
    }

    public ValueTask Opened(StatementHead head)
    {
        if (Statements is [.., { Foot: null }])
        {
            throw new InvalidOperationException("A statement was opened within another.");
        }

        Statements.Add(new ReadStatement(head));
        return ValueTask.CompletedTask;
    }

    public ValueTask Entered(StatementEntry entry)
    {
        if (entry.Index != Statements[^1].Entries.Count || Statements[^1].Foot is not null)
        {
            throw new InvalidOperationException("An entry came out of order.");
        }

        Statements[^1].Entries.Add(entry);
        return ValueTask.CompletedTask;
    }

    public ValueTask Closed(StatementFoot foot)
    {
        if (foot.Entries != Statements[^1].Entries.Count)
        {
            throw new InvalidOperationException("The entries were counted wrongly.");
        }

        Statements[^1].Foot = foot;
        return ValueTask.CompletedTask;
    }

    public ValueTask Noted(StatementNote note)
    {
        Notes.Add(note);
        return ValueTask.CompletedTask;
    }
}
