using System.Globalization;
using System.Text;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Processing.Continuity;

/// <summary>An event of a payment, by its key.</summary>
public sealed record EventKey(int AgentId, long Number, short Step);

/// <summary>
/// What a node remembers of the database, outside of it: the last count that was confirmed, and the last event that it saw committed.
/// It lies in the node's data folder, so it outlives a restore of the database.
/// </summary>
/// <param name="Place">This process among all that ever counted.</param>
/// <param name="At">The database's time of the last count.</param>
public sealed record Marker(
    Guid Place, long Epoch, long SystemIdentifier, int Timeline, long Mark, Instant At, EventKey? Event)
{
    /// <summary>As people read it, and as it stands in the file.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"{Place:N} {Epoch} {SystemIdentifier} {Timeline} {Mark} {InstantPattern.ExtendedIso.Format(At)} "
        + $"{Event?.AgentId ?? 0} {Event?.Number ?? 0} {Event?.Step ?? 0}");

    /// <summary>The marker in a file, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is there and cannot be read: nobody may take it for none. Says what to do.</exception>
    public static Marker? Read(string path)
    {
        string text;
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            text = File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(
                $"What this node remembers cannot be read: {unreadable.Message} Let this program's user read and write {path}.",
                unreadable);
        }

        var parts = text.Trim().Split(' ');
        try
        {
            var culture = CultureInfo.InvariantCulture;
            var agent = int.Parse(parts[6], culture);
            return new Marker(
                Guid.ParseExact(parts[0], "N"), long.Parse(parts[1], culture), long.Parse(parts[2], culture),
                int.Parse(parts[3], culture), long.Parse(parts[4], culture), InstantPattern.ExtendedIso.Parse(parts[5]).Value,
                agent == 0 ? null : new EventKey(agent, long.Parse(parts[7], culture), short.Parse(parts[8], culture)));
        }
        catch (Exception broken) when (broken is FormatException or OverflowException or IndexOutOfRangeException
            or UnparsableValueException)
        {
            throw new InvalidDataException(
                $"{path} is not what this program wrote there: what this node remembers of the database is lost, and with it this node "
                + "cannot tell a restored database from the right one. If the database was restored from a backup, or you do not know, "
                + "run `egovpay restored`. Then remove the file and start again.", broken);
        }
    }

    /// <summary>Puts the file in its place whole: a loss of power leaves the old one or the new one.</summary>
    public void Write(string path)
    {
        var whole = path + ".new";
        using (var file = new FileStream(whole, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.ASCII.GetBytes(Text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(whole, path, overwrite: true);
    }
}
