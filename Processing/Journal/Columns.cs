using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Journal;

/// <summary>
/// The columns of a set-based statement: one list for each array parameter, filled for a batch, emptied and used again.
/// </summary>
internal sealed class Columns
{
    private readonly List<Func<NpgsqlParameter>> parameters = [];
    private readonly List<Action> clear = [];
    private readonly Dictionary<string, NpgsqlBatchCommand> commands = new(StringComparer.Ordinal);

    public List<T> Add<T>(NpgsqlDbType element)
    {
        var values = new List<T>(64);
        parameters.Add(() => new NpgsqlParameter<List<T>>
        {
            TypedValue = values,
            NpgsqlDbType = NpgsqlDbType.Array | element,
        });
        clear.Add(values.Clear);
        return values;
    }

    public List<int> Ints() => Add<int>(NpgsqlDbType.Integer);

    public List<int?> MaybeInts() => Add<int?>(NpgsqlDbType.Integer);

    public List<short> Shorts() => Add<short>(NpgsqlDbType.Smallint);

    public List<long> Longs() => Add<long>(NpgsqlDbType.Bigint);

    public List<long?> MaybeLongs() => Add<long?>(NpgsqlDbType.Bigint);

    public List<bool> Booleans() => Add<bool>(NpgsqlDbType.Boolean);

    public List<bool?> MaybeBooleans() => Add<bool?>(NpgsqlDbType.Boolean);

    public List<string?> Texts() => Add<string?>(NpgsqlDbType.Text);

    public List<Guid?> MaybeUuids() => Add<Guid?>(NpgsqlDbType.Uuid);

    /// <summary>A statement with these columns; made once, since a parameter belongs to one command for ever.</summary>
    public NpgsqlBatchCommand Command(string sql)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = new NpgsqlBatchCommand(sql);
            foreach (var make in parameters)
            {
                command.Parameters.Add(make());
            }

            commands.Add(sql, command);
        }

        return command;
    }

    public void Clear()
    {
        foreach (var list in clear)
        {
            list();
        }
    }
}
