using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Journal;

/// <summary>
/// The columns of a set-based statement: one list for each array parameter, filled for a batch, emptied and used again. A column
/// of which a batch has no value is sent as null, and not as so many nulls: the statement has nothing to unnest then.
/// </summary>
internal sealed class Columns
{
    private readonly List<IColumn> columns = [];
    private readonly Dictionary<string, NpgsqlBatchCommand> commands = new(StringComparer.Ordinal);

    private interface IColumn
    {
        NpgsqlParameter Parameter();

        void Fill(NpgsqlParameter parameter);

        void Clear();
    }

    public List<T> Add<T>(NpgsqlDbType element)
    {
        var column = new Column<T>(element);
        columns.Add(column);
        return column.Values;
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

    /// <summary>A statement with what is in these columns; made once, since a parameter belongs to one command for ever.</summary>
    public NpgsqlBatchCommand Command(string sql)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = new NpgsqlBatchCommand(sql);
            foreach (var column in columns)
            {
                command.Parameters.Add(column.Parameter());
            }

            commands.Add(sql, command);
        }

        for (var i = 0; i < columns.Count; i++)
        {
            columns[i].Fill(command.Parameters[i]);
        }

        return command;
    }

    public void Clear()
    {
        foreach (var column in columns)
        {
            column.Clear();
        }
    }

    private sealed class Column<T>(NpgsqlDbType element) : IColumn
    {
        public List<T> Values { get; } = new(64);

        public NpgsqlParameter Parameter() => new NpgsqlParameter<List<T>> { NpgsqlDbType = NpgsqlDbType.Array | element };

        public void Fill(NpgsqlParameter parameter) =>
            ((NpgsqlParameter<List<T>>)parameter).TypedValue = Values.TrueForAll(value => value is null) ? null : Values;

        public void Clear() => Values.Clear();
    }
}
