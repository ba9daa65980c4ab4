using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// Reads the settings of a process: file, environment, arguments; the later wins. What is wrong is named with its
/// source.
/// </summary>
internal static class ReadSettings
{
    private const string UsualFile = "egovpay.json";

    /// <summary>The settings for a command line.</summary>
    /// <exception cref="CommandException">A file is not there or not readable, a name is unknown, or a value is no such
    /// thing.</exception>
    public static Settings From(ParseResult parsed) => From(
        parsed.GetValue(SettingsTable.FileOption),
        Environment.GetEnvironmentVariable,
        row => row.Option is null ? null : parsed.GetValue(row.Option),
        Environment.CurrentDirectory);

    /// <summary>The same from any source, for tests.</summary>
    public static Settings From(
        string? file, Func<string, string?> environment, Func<Setting, string?> argument, string workingFolder)
    {
        var inFile = ReadFile(file ?? NotBlank(environment(SettingsTable.FileVariable)), workingFolder);
        Given? Find(string key)
        {
            var row = SettingsTable.All.First(row => row.Key == key);
            return argument(row) is { } fromArgument ? new Given(fromArgument, row.Option!.Name)
                : NotBlank(environment(row.Variable)) is { } fromEnvironment ? new Given(fromEnvironment, row.Variable)
                : inFile.TryGetValue(key, out var fromFile) ? fromFile
                : null;
        }

        string? Text(string key) => Find(key)?.Value;
        string? Path(string key) => Text(key) is { } path ? System.IO.Path.GetFullPath(path, workingFolder) : null;

        RefusePasswordAmongArguments(Find("database"));
        var data = Path("data") ?? System.IO.Path.GetFullPath(".egovpay", workingFolder);
        var settings = new Settings
        {
            Database = Text("database"),
            Data = data,
            PostgresBin = Path("postgresBin"),
            UserKey = Text("userKey"),
            UserKeyFile = Path("userKeyFile"),
            PublicAddress = Address(Find("publicAddress")),
            Providers = Address(Find("providers")),
            AccessFile = Path("access"),
            ProviderCa = Path("providerCa"),
            Secret = Text("secret"),
            SecretFile = Path("secretFile"),
            Portability = Path("portability"),
            Registers = Path("registers") ?? System.IO.Path.Combine(data, "registers"),
            Incoming = Path("incoming") ?? System.IO.Path.Combine(data, "in"),
            OperatorName = Text("operatorName") ?? "eGovPay",
            OperatorVoen = Text("operatorVoen") ?? "1400057421",
            ReceiptFont = Path("receiptFont"),
            ReceiptCertificate = Path("receiptCertificate"),
            ReceiptCertificatePassword = Text("receiptCertificatePassword"),
        };
        settings = WithDoors(WithTelling(settings, Find, Path), Find, Path);
        settings = settings with
        {
            MaxConnections = Count(Find("maxConnections")) ?? settings.MaxConnections,
            Limits = new(
                Count(Find("alarmBreakDays")) ?? settings.Limits.BreakDays,
                Count(Find("alarmRiskQepik"), 1_000_000_000_000) ?? settings.Limits.AtRiskQepik,
                Count(Find("alarmPayoutDays")) ?? settings.Limits.PayoutDays),
            JobDays = Count(Find("jobDays")) ?? settings.JobDays,
            MaxRequests = Count(Find("maxRequests")) ?? settings.MaxRequests,
            TerminalRequests = PaceOf(Find("terminalRequests")) ?? settings.TerminalRequests,
            AgentRequests = PaceOf(Find("agentRequests")) ?? settings.AgentRequests,
            AddressRequests = PaceOf(Find("addressRequests")) ?? settings.AddressRequests,
        };
        settings = Find("node") is { } node ? settings with { Node = node.Value } : settings;
        settings = Find("metrics") is { } metrics ? settings with { Metrics = Listen(metrics) } : settings;
        settings = Find("traces") is { } traces ? settings with { Traces = Ratio(traces) } : settings;
        return Find("log") is { } log ? settings with { Log = Level(log) } : settings;
    }

    /// <summary>What concerns those who come in over HTTP.</summary>
    private static Settings WithDoors(Settings settings, Func<string, Given?> find, Func<string, string?> path)
    {
        var doors = settings with
        {
            PreviousSecrets = find("previousSecrets")?.Value,
            PreviousSecretsFile = path("previousSecretsFile"),
            TlsCertificate = path("tlsCertificate"),
            TlsKey = path("tlsKey"),
            TlsPassword = find("tlsPassword")?.Value,
            TrustedProxies = Networks(find("trustedProxies")),
        };
        var listen = find("listen") is { } given ? Listen(given) : settings.Listen;
        return (doors.TlsCertificate is not null) == (listen.Scheme == "https")
            ? doors with { Listen = listen }
            : throw CommandException.Usage(
                "An https address to listen on and a certificate (EGOVPAY_TLS_CERTIFICATE) go together: give both or neither.");
    }

    /// <summary>Everybody on the machine may read the arguments of a process.</summary>
    private static void RefusePasswordAmongArguments(Given? database)
    {
        if (database is { Source: "--database" }
            && database.Value.Replace(" ", "", StringComparison.Ordinal) is var text
            && (text.Contains("password=", StringComparison.OrdinalIgnoreCase)
                || text.Contains("pwd=", StringComparison.OrdinalIgnoreCase)))
        {
            throw CommandException.Usage(
                "--database: a password is not given among the arguments, where every user of the machine sees it. Set "
                + "EGOVPAY_DATABASE, or keep it in a passfile (Passfile=…).");
        }
    }

    /// <summary>What concerns webhooks, e-mail and SMS.</summary>
    private static Settings WithTelling(Settings settings, Func<string, Given?> find, Func<string, string?> path)
    {
        var (smtp, sms) = (find("smtp"), find("sms"));
        var told = settings with
        {
            WebhookHttp = YesOrNo(find("webhookHttp")),
            WebhookNetworks = Networks(find("webhookNetworks")),
            Smtp = smtp is null ? null : Relay(smtp),
            SmtpUser = find("smtpUser")?.Value,
            SmtpPassword = find("smtpPassword")?.Value,
            SmtpFrom = find("smtpFrom")?.Value,
            SmtpAuthorities = path("smtpAuthorities"),
            Sms = Address(sms),
            SmsKey = find("smsKey")?.Value,
            SmsFrom = find("smsFrom")?.Value ?? "eGovPay",
        };
        if (smtp is not null && (told.SmtpFrom is not { } from || !Telling.SendMail.IsAddress(from)))
        {
            throw CommandException.Usage("smtp needs smtpFrom (EGOVPAY_SMTP_FROM): the address that payers get e-mail from.");
        }

        if (told.SmtpUser is not null && told.Smtp?.Scheme == "smtp")
        {
            throw CommandException.Usage("smtpUser needs smtps: a password is not sent in clear.");
        }

        return sms is not null && told.Sms is { Scheme: "http", IsLoopback: false }
            ? throw CommandException.Usage($"{sms.Source}: the gateway must be reached by https, or on this machine.")
            : told;
    }

    private static bool YesOrNo(Given? given) => given?.Value switch
    {
        null or "no" => false,
        "yes" => true,
        _ => throw CommandException.Usage($"{given.Source}: '{given.Value}' is neither yes nor no."),
    };

    private static List<System.Net.IPNetwork> Networks(Given? given) =>
    [
        .. (given?.Value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text =>
            System.Net.IPNetwork.TryParse(text, out var network) ? network : throw CommandException.Usage(
                $"{given!.Source}: '{text}' is no network such as 10.20.0.0/16.")),
    ];

    private static Uri Relay(Given given) =>
        Uri.TryCreate(given.Value, UriKind.Absolute, out var relay) && relay.Scheme is "smtp" or "smtps"
            && relay.Host.Length > 0 && relay.UserInfo.Length == 0 && relay.AbsolutePath is "" or "/"
            ? relay
            : throw CommandException.Usage(
                $"{given.Source} names no relay such as smtps://mail.example:587; user and password are settings of their own.");

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static Dictionary<string, Given> ReadFile(string? named, string workingFolder)
    {
        var path = Path.GetFullPath(named ?? UsualFile, workingFolder);
        var given = new Dictionary<string, Given>(StringComparer.Ordinal);
        if (named is null && !File.Exists(path))
        {
            return given;
        }

        try
        {
            using var json = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 2 });
            foreach (var member in json.RootElement.EnumerateObject())
            {
                if (SettingsTable.All.All(row => row.Key != member.Name))
                {
                    throw CommandException.Usage($"{path}: there is no setting '{member.Name}'. The settings are: "
                        + string.Join(", ", SettingsTable.All.Select(row => row.Key)) + ".");
                }

                given[member.Name] = member.Value.ValueKind == JsonValueKind.String
                    ? new Given(member.Value.GetString()!, $"{member.Name} in {path}")
                    : throw CommandException.Usage($"{path}: {member.Name} is to be a text in quotation marks.");
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw CommandException.Usage($"{path} is not a JSON object of settings: {broken.Message}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"The settings file cannot be read: {unreadable.Message}");
        }

        return given;
    }

    private static Uri? Address(Given? given) => given is null ? null
        : Uri.TryCreate(given.Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
        : throw CommandException.Usage($"{given.Source}: '{given.Value}' is no address such as http://127.0.0.1:8090.");

    private static Uri Listen(Given given) =>
        Uri.TryCreate(given.Value, UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https" && address.AbsolutePath == "/"
            ? address
            : throw CommandException.Usage(
                $"{given.Source}: '{given.Value}' is no address to listen on. Give http://HOST:PORT, such as "
                + "http://127.0.0.1:8080, or https://HOST:PORT and a certificate.");

    private static int? Count(Given? given) => (int?)Count(given, 1_000_000);

    private static long? Count(Given? given, long most) => given is null ? null
        : long.TryParse(given.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 && count <= most
            ? count
            : throw CommandException.Usage(string.Create(
                CultureInfo.InvariantCulture, $"{given.Source}: '{given.Value}' is no count from 1 to {most}."));

    private static Pace? PaceOf(Given? given)
    {
        if (given is null)
        {
            return null;
        }

        if (given.Value == "0")
        {
            return new Pace(0, 0);
        }

        var parts = given.Value.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var perSecond)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var burst)
            && perSecond > 0 && burst > 0
            ? new Pace(perSecond, burst)
            : throw CommandException.Usage(
                $"{given.Source}: '{given.Value}' is no pace. Give a second/at once, such as 1000/2000, or 0 for no limit.");
    }

    private static double Ratio(Given given) =>
        double.TryParse(given.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio <= 1
            ? ratio
            : throw CommandException.Usage($"{given.Source}: '{given.Value}' is no part between 0 and 1, such as 0.01.");

    private static LogLevel Level(Given given) =>
        Enum.TryParse<LogLevel>(given.Value, ignoreCase: true, out var level) && Enum.IsDefined(level)
            && !char.IsAsciiDigit(given.Value[0])
            ? level
            : throw CommandException.Usage(
                $"{given.Source}: '{given.Value}' is no level. Give debug, information, warning, error or none.");

    private sealed record Given(string Value, string Source);
}
