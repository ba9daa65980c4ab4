using System.CommandLine;
using System.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// What this process was told: from the settings file, the environment and the arguments, the later winning.
/// <see cref="SettingsTable"/> says what each means.
/// </summary>
public sealed record Settings
{
    /// <summary>Npgsql's key=value form; null: the private cluster in <see cref="Data"/>.</summary>
    public string? Database { get; init; }

    /// <summary>The folder of the private cluster, the secret and the registers; absolute.</summary>
    public required string Data { get; init; }

    /// <summary>The folder of PostgreSQL's programs; null: PATH, then the usual places.</summary>
    public string? PostgresBin { get; init; }

    /// <summary>The personal key of whoever runs a command; null: from a file, or nobody.</summary>
    public string? UserKey { get; init; }

    public string? UserKeyFile { get; init; }

    /// <summary>Where the server listens; port 0 takes any free one.</summary>
    public Uri Listen { get; init; } = new("http://127.0.0.1:8080");

    /// <summary>The address that receipts carry, without a slash at its end; null: the address listened on.</summary>
    public Uri? PublicAddress { get; init; }

    /// <summary>Where the catalogue's relative provider addresses are reached; null: nowhere.</summary>
    public Uri? Providers { get; init; }

    /// <summary>The file of the credentials for providers; null: the simulator's published ones.</summary>
    public string? AccessFile { get; init; }

    /// <summary>PEM of the authorities of which providers' certificates must be; null: what the machine trusts.</summary>
    public string? ProviderCa { get; init; }

    /// <summary>The server's secret, at least 32 bytes of UTF-8; null: from a file.</summary>
    public string? Secret { get; init; }

    public string? SecretFile { get; init; }

    /// <summary>Further secrets whose keys are good, one on a line or separated by blanks; null: none or from a file.</summary>
    public string? PreviousSecrets { get; init; }

    public string? PreviousSecretsFile { get; init; }

    /// <summary>PEM or PKCS #12 of the server's certificate; null: none.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>PEM of its private key; null: it is in the certificate's file.</summary>
    public string? TlsKey { get; init; }

    public string? TlsPassword { get; init; }

    /// <summary>Our own proxies.</summary>
    public IReadOnlyList<System.Net.IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>The table of ported numbers; null: prefixes alone.</summary>
    public string? Portability { get; init; }

    /// <summary>Where registers are written; absolute.</summary>
    public required string Registers { get; init; }

    /// <summary>The watched folder of files that come in; absolute.</summary>
    public required string Incoming { get; init; }

    /// <summary>Days that a run of a job stays in the record of runs.</summary>
    public int JobDays { get; init; } = 90;

    /// <summary>From where on breaks and payouts call the finance staff.</summary>
    public Settlement.Observing.SettlementLimits Limits { get; init; } = new(7, 1_000_000, 2);

    /// <summary>Who answers for receipts: its legal name and tax number, as they print them.</summary>
    public string OperatorName { get; init; } = "eGovPay";

    public string OperatorVoen { get; init; } = "1400057421";

    /// <summary>A .ttf file for receipts as PDF; null: the machine's own.</summary>
    public string? ReceiptFont { get; init; }

    /// <summary>PKCS #12 with the operator's certificate and key for receipts; null: a self-made one.</summary>
    public string? ReceiptCertificate { get; init; }

    public string? ReceiptCertificatePassword { get; init; }

    /// <summary>Webhooks may go over plain HTTP to any host.</summary>
    public bool WebhookHttp { get; init; }

    /// <summary>Private networks that webhooks may go to.</summary>
    public IReadOnlyList<System.Net.IPNetwork> WebhookNetworks { get; init; } = [];

    /// <summary>The relay for e-mail to payers, <c>smtp://</c> in clear or <c>smtps://</c> with STARTTLS; null: no e-mail.</summary>
    public Uri? Smtp { get; init; }

    public string? SmtpUser { get; init; }

    public string? SmtpPassword { get; init; }

    /// <summary>The sender of e-mail to payers.</summary>
    public string? SmtpFrom { get; init; }

    /// <summary>PEM of who may vouch for the relay's certificate; null: whom the machine trusts.</summary>
    public string? SmtpAuthorities { get; init; }

    /// <summary>The gateway for SMS to payers; null: no SMS.</summary>
    public Uri? Sms { get; init; }

    public string? SmsKey { get; init; }

    public string SmsFrom { get; init; } = "eGovPay";

    public int MaxConnections { get; init; } = 20_000;

    public int MaxRequests { get; init; } = 10_000;

    /// <summary>What a terminal, and an address, may ask.</summary>
    public Pace TerminalRequests { get; init; } = new(1_000, 2_000);

    public Pace AgentRequests { get; init; } = new(10_000, 20_000);

    public Pace AddressRequests { get; init; } = new(5_000, 10_000);

    public string Node { get; init; } = Environment.MachineName;

    public LogLevel Log { get; init; } = LogLevel.Information;

    /// <summary>Where the metrics are shown as text; null: nowhere.</summary>
    public Uri? Metrics { get; init; }

    /// <summary>The part of traces that is sent to a collector, 0–1. Default 0.01.</summary>
    public double Traces { get; init; } = 0.01;

    /// <summary>Never prints what it holds.</summary>
    public override string ToString() => nameof(Settings);
}

/// <summary>How often somebody may ask.</summary>
/// <param name="PerSecond">On average; 0: no limit.</param>
/// <param name="Burst">At once after a pause.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct Pace(int PerSecond, int Burst);

/// <summary>One setting: its three names and what it means.</summary>
/// <param name="Key">In the settings file.</param>
/// <param name="Variable">In the environment.</param>
/// <param name="Option">On the command line; null where a process list must not show it.</param>
/// <param name="Default">As people read it.</param>
internal sealed record Setting(string Key, string Variable, Option<string?>? Option, string Default, string Meaning);

/// <summary>All settings, as data: the options, the reading, the help and the README's table come from here.</summary>
internal static class SettingsTable
{
    /// <summary>Names the settings file itself.</summary>
    public static readonly Option<string?> FileOption = new("--settings")
    {
        Description = "the settings file (EGOVPAY_SETTINGS); default egovpay.json, where there is one",
        HelpName = "FILE",
        Recursive = true,
    };

    public const string FileVariable = "EGOVPAY_SETTINGS";

    /// <summary>Settings that every command reads.</summary>
    public static readonly IReadOnlyList<Setting> Everywhere =
    [
        Row("database", "EGOVPAY_DATABASE", "--database", "STRING", "a private PostgreSQL in the data folder",
            "PostgreSQL to use: `Host=…;Username=…;Password=…;Database=…`", everywhere: true),
        Row("data", "EGOVPAY_DATA", "--data", "FOLDER", "`.egovpay`",
            "folder of the private PostgreSQL, the generated secret and the registers", everywhere: true),
        Row("postgresBin", "EGOVPAY_POSTGRES_BIN", "--postgres-bin", "FOLDER", "PATH, then the usual places",
            "folder of PostgreSQL's programs, for the private PostgreSQL", everywhere: true),
        Row("userKey", "EGOVPAY_USER_KEY", null, "", "from the file",
            "personal key of whoever runs a command that changes something"),
        Row("userKeyFile", "EGOVPAY_USER_KEY_FILE", "--user-key-file", "FILE", "none",
            "file that holds the personal key", everywhere: true),
    ];

    /// <summary>Settings of the server alone.</summary>
    public static readonly IReadOnlyList<Setting> OfServe =
    [
        Row("listen", "EGOVPAY_LISTEN", "--listen", "ADDRESS", "`http://127.0.0.1:8080`",
            "where the server listens; port 0 takes any free one"),
        Row("publicAddress", "EGOVPAY_PUBLIC_ADDRESS", "--public-address", "ADDRESS", "the address listened on",
            "the address that receipts carry for their verification"),
        Row("providers", "EGOVPAY_PROVIDERS", "--providers", "ADDRESS", "none",
            "where the catalogue's relative provider addresses are reached"),
        Row("access", "EGOVPAY_ACCESS", "--access", "FILE", "the simulator's published ones",
            "JSON file with the credentials for each provider"),
        Row("providerCa", "EGOVPAY_PROVIDER_CA", "--provider-ca", "FILE", "what the machine trusts",
            "PEM of the authorities of which providers' certificates must be, with https only; `authorityFile` in `access` for one provider"),
        Row("secret", "EGOVPAY_SECRET", null, "", "from the secret file",
            "the server's secret, 32 bytes or more, the same on all nodes"),
        Row("secretFile", "EGOVPAY_SECRET_FILE", "--secret-file", "FILE",
            "`secret` in the data folder, made where missing",
            "file that holds the server's secret"),
        Row("previousSecrets", "EGOVPAY_SECRET_PREVIOUS", null, "", "from the file",
            "further secrets whose keys are good too, separated by blanks: those before, and while nodes are changed the next"),
        Row("previousSecretsFile", "EGOVPAY_SECRET_PREVIOUS_FILE", "--secret-previous-file", "FILE", "none",
            "file that holds them"),
        Row("tlsCertificate", "EGOVPAY_TLS_CERTIFICATE", "--tls-certificate", "FILE", "none",
            "PEM (with its issuers) or PKCS #12 of the server's certificate, for an https address; read again when it changes"),
        Row("tlsKey", "EGOVPAY_TLS_KEY", "--tls-key", "FILE", "in the certificate's file", "PEM of its private key"),
        Row("tlsPassword", "EGOVPAY_TLS_PASSWORD", null, "", "none", "password of the key or of the PKCS #12 file"),
        Row("trustedProxies", "EGOVPAY_TRUSTED_PROXIES", "--trusted-proxies", "NETWORKS", "none",
            "our own proxies, separated by commas: only their X-Forwarded-For is believed"),
        Row("portability", "EGOVPAY_PORTABILITY", "--portability", "FILE", "prefixes alone",
            "table of ported mobile numbers"),
        Row("registers", "EGOVPAY_REGISTERS", "--registers", "FOLDER", "`registers` in the data folder",
            "where registers for providers are written and their answers read"),
        Row("incoming", "EGOVPAY_INCOMING", "--incoming", "FOLDER", "`in` in the data folder",
            "watched folder of files that come in: `statements/`, `registers/PROVIDER/`, `acquirers/NAME/`, `statuses/`"),
        Row("jobDays", "EGOVPAY_JOB_DAYS", "--job-days", "COUNT", "`90`", "days that runs of jobs are remembered; of each job the last is kept"),
        Row("alarmBreakDays", "EGOVPAY_ALARM_BREAK_DAYS", "--alarm-break-days", "COUNT", "`7`",
            "days that a break may be open before it rings"),
        Row("alarmRiskQepik", "EGOVPAY_ALARM_RISK_QEPIK", "--alarm-risk-qepik", "COUNT", "`1000000`",
            "money at risk in open breaks, in qəpik, from which it rings"),
        Row("alarmPayoutDays", "EGOVPAY_ALARM_PAYOUT_DAYS", "--alarm-payout-days", "COUNT", "`2`",
            "days after its execution day that a payout may be without the bank's last word"),
        Row("operatorName", "EGOVPAY_OPERATOR_NAME", "--operator-name", "TEXT", "`eGovPay`",
            "the operator's legal name, on receipts"),
        Row("operatorVoen", "EGOVPAY_OPERATOR_VOEN", "--operator-voen", "VÖEN", "`1400057421`, an example",
            "the operator's tax number, on receipts"),
        Row("receiptFont", "EGOVPAY_RECEIPT_FONT", "--receipt-font", "FILE", "DejaVu, where the machine has it",
            "TrueType font of receipts as PDF"),
        Row("receiptCertificate", "EGOVPAY_RECEIPT_CERTIFICATE", "--receipt-certificate", "FILE", "a self-made one",
            "PKCS #12 file that signs receipts"),
        Row("receiptCertificatePassword", "EGOVPAY_RECEIPT_CERTIFICATE_PASSWORD", null, "", "none",
            "password of that file"),
        Row("webhookHttp", "EGOVPAY_WEBHOOK_HTTP", "--webhook-http", "YES", "`no`",
            "`yes`: webhooks may go over plain http to any host, not only to this machine"),
        Row("webhookNetworks", "EGOVPAY_WEBHOOK_NETWORKS", "--webhook-networks", "LIST", "none",
            "private networks that webhooks may go to: `10.20.0.0/16,fd12::/32`"),
        Row("smtp", "EGOVPAY_SMTP", "--smtp", "ADDRESS", "no e-mail",
            "relay for e-mail to payers: `smtps://host:587` (STARTTLS), or `smtp://host:25` in clear"),
        Row("smtpUser", "EGOVPAY_SMTP_USER", "--smtp-user", "NAME", "none", "user at the relay; only with smtps"),
        Row("smtpPassword", "EGOVPAY_SMTP_PASSWORD", null, "", "none", "its password"),
        Row("smtpFrom", "EGOVPAY_SMTP_FROM", "--smtp-from", "ADDRESS", "required with `smtp`", "sender of e-mail to payers"),
        Row("smtpAuthorities", "EGOVPAY_SMTP_AUTHORITIES", "--smtp-authorities", "FILE", "whom the machine trusts",
            "PEM of the authorities that may vouch for the relay's certificate"),
        Row("sms", "EGOVPAY_SMS", "--sms", "ADDRESS", "no SMS",
            "gateway for SMS to payers, https: gets `{id, to, from, text}`"),
        Row("smsKey", "EGOVPAY_SMS_KEY", null, "", "none", "bearer key at the gateway"),
        Row("smsFrom", "EGOVPAY_SMS_FROM", "--sms-from", "TEXT", "`eGovPay`", "sender's name of SMS"),
        Row("maxConnections", "EGOVPAY_MAX_CONNECTIONS", "--max-connections", "COUNT", "`20000`",
            "open connections; more are closed at once"),
        Row("maxRequests", "EGOVPAY_MAX_REQUESTS", "--max-requests", "COUNT", "`10000`",
            "requests under way, waits among them; more are refused (900). Busy ones are bounded by how late the server is"),
        Row("terminalRequests", "EGOVPAY_TERMINAL_REQUESTS", "--terminal-requests", "RATE", "`1000/2000`",
            "what a terminal may ask: a second / at once after a pause; `0`: no limit"),
        Row("agentRequests", "EGOVPAY_AGENT_REQUESTS", "--agent-requests", "RATE", "`10000/20000`",
            "the same for all terminals of an agent together"),
        Row("addressRequests", "EGOVPAY_ADDRESS_REQUESTS", "--address-requests", "RATE", "`5000/10000`",
            "the same for an address, or a network of 64 bits of IPv6"),
        Row("node", "EGOVPAY_NODE", "--node", "NAME", "the machine's name", "this node's name, for people"),
        Row("log", "EGOVPAY_LOG", "--log", "LEVEL", "`information`",
            "least level of log lines: debug, information, warning, error, none"),
        Row("metrics", "EGOVPAY_METRICS", "--metrics", "ADDRESS", "nowhere",
            "where `/metrics` is shown as text for Prometheus; an address that the public does not reach"),
        Row("traces", "EGOVPAY_TRACES", "--traces", "RATIO", "`0.01`",
            "part of the traces that is sent where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, 0–1; trouble is always sent"),
    ];

    public static IEnumerable<Setting> All => Everywhere.Concat(OfServe);

    /// <summary>The table as the README shows it.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder(
            "| in the file | environment | argument | default | what it is |\n|---|---|---|---|---|\n");
        foreach (var row in All)
        {
            var argument = row.Option is null ? "–" : $"`{row.Option.Name}`";
            text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"| `{row.Key}` | `{row.Variable}` | {argument} | {row.Default} | {row.Meaning} |\n");
        }

        return text.ToString();
    }

    /// <summary>The same for a terminal: name in the file, in the environment, default.</summary>
    public static string Plain()
    {
        var rows = All.Select(
            row => (row.Key, row.Variable, Default: row.Default.Replace("`", "", StringComparison.Ordinal))).ToList();
        var (key, variable) = (rows.Max(row => row.Key.Length), rows.Max(row => row.Variable.Length));
        var text = new StringBuilder("Settings, in the file, in the environment, and by default; arguments win:\n");
        foreach (var row in rows)
        {
            text.Append("  ").Append(row.Key.PadRight(key + 2)).Append(row.Variable.PadRight(variable + 2)).AppendLine(
                row.Default);
        }

        return text.ToString();
    }

    private static Setting Row(
        string key, string variable, string? option, string helpName, string byDefault, string meaning,
        bool everywhere = false) =>
        new(
            key,
            variable,
            option is null ? null : new Option<string?>(option)
            {
                Description = $"{meaning.Replace("`", "", StringComparison.Ordinal)} ({variable})",
                HelpName = helpName,
                Recursive = everywhere,
            },
            byDefault,
            meaning);
}
