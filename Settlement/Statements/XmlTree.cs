using System.Xml;

namespace EGovPay.Settlement.Statements;

/// <summary>An element with what is in it, without namespaces.</summary>
internal sealed class XmlTree(string name, int line, int column)
{
    private List<XmlTree>? _children;

    public string Name { get; } = name;

    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>Trimmed; null where there is none.</summary>
    public string? Text { get; set; }

    /// <summary>The one attribute that messages of banks have.</summary>
    public string? Currency { get; set; }

    public IReadOnlyList<XmlTree> Children => _children ?? [];

    /// <summary>The first element on the way down that the names say, or null.</summary>
    public XmlTree? At(params ReadOnlySpan<string> path)
    {
        var here = this;
        foreach (var step in path)
        {
            here = here._children?.Find(child => child.Name == step);
            if (here is null)
            {
                return null;
            }
        }

        return here;
    }

    public string? TextAt(params ReadOnlySpan<string> path) => At(path)?.Text;

    public IEnumerable<XmlTree> All(string name) => Children.Where(child => child.Name == name);

    public void Add(XmlTree child) => (_children ??= []).Add(child);

    public RefusedStatementException Refuse(StatementRefusalReason reason, string text) =>
        RefusedStatementException.Of(reason, Line, Column, Name, text);
}

/// <summary>Goes through XML element by element, with a limit on everything.</summary>
internal sealed class XmlWalk(XmlReader reader) : IDisposable
{
    /// <summary>ISO 20022's statements are 17 deep; envelopes add a few.</summary>
    private const int Deepest = 40;

    /// <summary>ISO's longest text has 2000 characters.</summary>
    private const int LongestText = 20_000;

    /// <summary>Elements of what is held at once: a transaction, a balance.</summary>
    private const int MostElements = 5_000;

    private readonly IXmlLineInfo _place = (IXmlLineInfo)reader;
    private readonly char[] _text = new char[LongestText + 1];
    private int _elements;

    public string Name => reader.LocalName;

    public string Namespace => reader.NamespaceURI;

    public int Depth => reader.Depth;

    public int Line => _place.LineNumber;

    public int Column => _place.LinePosition;

    /// <summary>Goes to the next element anywhere; false at the end of the file.</summary>
    public bool NextElement()
    {
        while (Step())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the element here has anything in it; asked before its children are.</summary>
    public bool HasContent => !reader.IsEmptyElement;

    /// <summary>Goes to the next child of the element at a depth; false at that element's end. Each child is taken or left whole before.</summary>
    public bool NextChild(int depth)
    {
        while (Step())
        {
            if (reader.NodeType == XmlNodeType.Element && reader.Depth == depth + 1)
            {
                return true;
            }

            if (reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth)
            {
                return false;
            }
        }

        throw Refuse(StatementRefusalReason.NotWellFormed, "The file ends within an element.");
    }

    /// <summary>Leaves the element here.</summary>
    public void Skip()
    {
        var depth = reader.Depth;
        if (!reader.IsEmptyElement)
        {
            while (Step() && !(reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth))
            {
                // What is not needed is passed by, within the same limits.
            }
        }
    }

    /// <summary>Takes the element here whole.</summary>
    public XmlTree Take()
    {
        _elements = 0;
        return TakeElement();
    }

    public RefusedStatementException Refuse(StatementRefusalReason reason, string text) =>
        RefusedStatementException.Of(reason, Line, Column, reader.LocalName, text);

    public void Dispose() => reader.Dispose();

    private XmlTree TakeElement()
    {
        if (++_elements > MostElements)
        {
            throw Refuse(StatementRefusalReason.TooLarge, $"One part of a statement has more than {MostElements} elements.");
        }

        var tree = new XmlTree(reader.LocalName, Line, Column) { Currency = reader.GetAttribute("Ccy") };
        if (reader.IsEmptyElement)
        {
            return tree;
        }

        var depth = reader.Depth;
        while (Step())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    tree.Add(TakeElement());
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    tree.Text = Joined(tree.Text);
                    break;
                case XmlNodeType.EndElement when reader.Depth == depth:
                    tree.Text = tree.Text?.Trim() is { Length: > 0 } text ? text : null;
                    return tree;
            }
        }

        throw Refuse(StatementRefusalReason.NotWellFormed, "The file ends within an element.");
    }

    /// <summary>A text may come in parts, and a part is never held longer than the limit.</summary>
    private string Joined(string? before)
    {
        var length = 0;
        int read;
        while (length < _text.Length && (read = reader.ReadValueChunk(_text, length, _text.Length - length)) > 0)
        {
            length += read;
        }

        if (length + (before?.Length ?? 0) > LongestText)
        {
            throw Refuse(StatementRefusalReason.TooLarge, $"A text is longer than {LongestText} characters.");
        }

        return before + new string(_text, 0, length);
    }

    private bool Step()
    {
        if (!reader.Read())
        {
            return false;
        }

        return reader.Depth <= Deepest
            ? true
            : throw Refuse(StatementRefusalReason.TooLarge, $"Elements are nested more than {Deepest} deep.");
    }
}
