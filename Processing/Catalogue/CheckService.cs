using System.Text.Json;
using System.Text.RegularExpressions;
using EGovPay.Processing.Validation;

namespace EGovPay.Processing.Catalogue;

/// <summary>A service as far as it could be read: what was faulty is null.</summary>
internal sealed record ReadService(string? Code, int CodeLine, Service? Service);

/// <summary>Reads the services of a catalogue file, one by one.</summary>
internal sealed partial class CheckService(
    Dictionary<string, ServiceGroup> groups, Dictionary<string, ReadProvider> providers, CatalogueFaults faults)
{
    private const int MostFields = 10;
    private const int MostRules = 100;
    private const string BudgetField = "budce_tesnifati_kodu";
    private readonly Dictionary<string, Regex> _compiled = new(StringComparer.Ordinal);

    public ReadService? Read(JsonWithLines item)
    {
        var what = What(item);
        if (ReadObject.From(item, what, faults,
            ["code", "group", "provider", "portable", "budgetLevel", "budgetCode", "name", "fields", "rules"])
                is not { } node)
        {
            return null;
        }

        var code = ReadCode(node);
        var group = ReadGroup(node, code);
        var provider = ReadProviderCode(node);
        var portable = node.Flag("portable", absent: false);
        var name = node.InThreeLanguages("name", CheckCatalogue.MostNameCharacters);
        var fields = ReadFields(node, what);
        var (level, budget) = ReadBudget(node, group, fields);
        var protocol = provider is null ? null : providers[provider].Protocol;
        var keptBy = provider is not null && providers[provider].KeepsAll ? provider : null;
        var rules = ReadRules(node, what, code ?? 0, protocol, keptBy);
        var complete = code is not null && group is not null && provider is not null && name is not null;
        return new ReadService(
            code?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            node.LineOf("code"),
            complete
                ? new Service
                {
                    Code = code!.Value,
                    CodeText = code.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    Group = group!,
                    Name = name!,
                    Provider = provider!,
                    Portable = portable ?? false,
                    BudgetLevel = level,
                    BudgetCode = budget,
                    Fields = fields,
                    Rules = rules,
                }
                : null);
    }

    private static string What(JsonWithLines item)
    {
        foreach (var property in item.Properties)
        {
            if (property is { Name: "code", Value.Kind: JsonTokenType.String })
            {
                return $"The service {CatalogueFaults.Shorten(property.Value.Text)}";
            }
        }

        return "The service";
    }

    private static int? ReadCode(ReadObject node)
    {
        if (node.Text("code", 32) is not { } text)
        {
            return null;
        }

        if (CatalogueSnapshot.TryParseCode(text, out var code))
        {
            return code;
        }

        node.Fault("code", $"The service code must be five digits, the first its group's "
            + $"(it is \"{CatalogueFaults.Shorten(text)}\").");
        return null;
    }

    private string? ReadGroup(ReadObject node, int? code)
    {
        if (node.Text("group", 32) is not { } group)
        {
            return null;
        }

        if (!groups.ContainsKey(group))
        {
            node.Fault("group", $"The group \"{CatalogueFaults.Shorten(group)}\" is not among the file's groups; "
                + $"it may be: {string.Join(", ", groups.Keys)}.");
            return null;
        }

        if (code is { } number && number / 10_000 != ServiceGroup.DigitOf(group))
        {
            node.Fault("group", $"Codes of the group \"{group}\" begin with {ServiceGroup.DigitOf(group)}; "
                + $"{number} does not: change the code or the group.");
        }

        return group;
    }

    private string? ReadProviderCode(ReadObject node)
    {
        if (node.Text("provider", 32) is not { } provider)
        {
            return null;
        }

        if (!providers.ContainsKey(provider))
        {
            node.Fault("provider", $"The provider \"{CatalogueFaults.Shorten(provider)}\" is not among the "
                + $"file's providers; "
                + "add it there first.");
            return null;
        }

        return provider;
    }

    private static (string? Level, string? Code) ReadBudget(ReadObject node, string? group, List<ServiceField> fields)
    {
        var level = node.Text("budgetLevel", 10, optional: true);
        var code = node.Text("budgetCode", 10, optional: true);
        if (level is not null && !(level.Length == 1 && char.IsAsciiDigit(level[0])))
        {
            node.Fault("budgetLevel", "\"budgetLevel\" must be one digit.");
        }

        if (code is not null && !(code.Length == 6 && code.All(char.IsAsciiDigit)))
        {
            node.Fault("budgetCode", "\"budgetCode\" must be the six digits of the budget classification.");
        }

        if (group == "budce")
        {
            if (level is null)
            {
                node.Fault("budgetLevel",
                    "A service of the group budce needs a \"budgetLevel\": statements and orders carry it.");
            }

            var fromPayer = fields.Exists(field => field.Name == BudgetField);
            if ((code is null) != fromPayer)
            {
                node.Fault("budgetCode", $"A service of the group budce needs either a \"budgetCode\" or a field "
                    + $"\"{BudgetField}\"; "
                    + "statements and orders carry the classification code.");
            }
        }

        return (level, code);
    }

    private List<ServiceField> ReadFields(ReadObject node, string what)
    {
        var fields = new List<ServiceField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in node.Items("fields", MostFields))
        {
            if (ReadObject.From(item, $"{what}: the field", faults,
                ["name", "label", "pattern", "check", "normalise", "example"])
                is not { } field)
            {
                continue;
            }

            var name = field.Text("name", 32);
            if (name is not null && !FieldName().IsMatch(name))
            {
                field.Fault("name", $"{what}: the field's name must be lower-case ASCII letters, digits and "
                    + $"underscores, a letter first.");
            }
            else if (name is not null && !names.Add(name))
            {
                field.Fault("name", $"{what}: the field \"{name}\" is here twice; keep one.");
            }

            var label = field.InThreeLanguages("label", 100);
            var pattern = ReadPattern(field, what);
            var check = field.Word<CheckDigit>("check", CheckDigit.None);
            var normalise = field.Word<Normaliser>("normalise", Normaliser.None);
            var example = field.Text("example", JudgeField.MostCharacters);
            if (pattern is null || check is null || normalise is null || example is null)
            {
                continue;
            }

            var read = new ServiceField(
                name ?? "", label ?? new Localised("", "", ""), pattern, check.Value, normalise.Value, example);
            TryExample(field, what, read);
            fields.Add(read);
        }

        return fields;
    }

    private Regex? ReadPattern(ReadObject field, string what)
    {
        if (field.Text("pattern", 1_000) is not { } pattern)
        {
            return null;
        }

        if (_compiled.TryGetValue(pattern, out var compiled))
        {
            return compiled;
        }

        compiled = FieldPattern.Compile(pattern, out var fault);
        if (compiled is null)
        {
            field.Fault("pattern", $"{what}: {fault} ({CatalogueFaults.Shorten(pattern)}).");
            return null;
        }

        _compiled.Add(pattern, compiled);
        return compiled;
    }

    private static void TryExample(ReadObject node, string what, ServiceField field)
    {
        var value = field.Example;
        switch (JudgeField.Judge(field, ref value))
        {
            case FieldFault.Malformed or FieldFault.Missing:
                node.Fault("example", $"{what}: the pattern {CatalogueFaults.Shorten(field.PatternText)} does "
                    + $"not accept the example "
                    + $"\"{CatalogueFaults.Shorten(field.Example)}\"; correct the one or the other.");
                break;
            case FieldFault.CheckDigit:
                node.Fault("example", $"{what}: the example \"{CatalogueFaults.Shorten(field.Example)}\" fails "
                    + $"the check digit rule "
                    + $"{field.Check.ToString().ToLowerInvariant()}; correct the one or the other.");
                break;
        }
    }

    private List<ServiceRule> ReadRules(ReadObject node, string what, int code, string? protocol, string? keptBy)
    {
        var rules = new List<ServiceRule>();
        foreach (var item in node.Items("rules", MostRules))
        {
            var check = new CheckRule(what, code, protocol, keptBy, faults);
            if (check.Read(item, rules.Count == 0 ? null : rules[^1].From) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return rules;
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex FieldName();
}
