using System.Text;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>Values that have hurt somebody's program before.</summary>
internal static class Nasty
{
    public static readonly string[] Texts =
    [
        "", " ", "\u0000", "\u0001", "\t\r\n", "\u007f", "\u0085", "\u2028", "\ufeff", "\ufffd", "\uffff", "\ud83d\ude00", "İıƏə",
        "'; drop table payment; --", "\" or \"1\"=\"1", "${jndi:ldap://x}", "{{7*7}}", "%s%s%n", "../../../etc/passwd", "<script>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "]]>", "=cmd|' /C calc'!A0", "null", "true", "NaN", "-1", "0", "00", "1e9",
        "0x10", "٣٤٥", "９９９", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "2147483648",
        "99999999999999999999999999999999", "2026-02-29", "0000-00-00", "9999-12-31", "osmp.1", ".", "..", "a/b", "a%2fb", "a\\b",
        "+994501234567", "a@b", "@", "Confirmed", "cash", "10101", "1", "[]", "{}", "\\u0000", "%00", "%ff", "%", "%zz", "&#0;",
        "\u0430\u0431\u0432", "e\u0301\u0301\u0301", "\u202eabc", new('a', 63), new('a', 64), new('a', 65), new('9', 200),
        new('9', 201), new('x', 4_096), new('"', 300), new('\\', 300),
    ];

    /// <summary>What may stand for a value in JSON, well-formed or not.</summary>
    public static readonly string[] Json =
    [
        "null", "true", "false", "0", "-0", "-1", "1", "1.0", "1.5", "1e2", "1E+400", "01", "+1", ".5", "NaN", "Infinity", "0x1F",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "2147483648", "1000000000000", "1000000000001",
        "123456789012345678901234567890123456789", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\x\"",
        "\"\u0001\"", "\"unclosed", "'single'", "[]", "[[]]", "[null]", "[1,2,]", "{}", "{\"\":0}", "{\"a\":1,\"a\":2}",
        "{\"__proto__\":{}}", "{\"$ref\":\"#\"}", "/* c */1", "undefined", "", "[{}]", "[{\"id\":null,\"amountQepik\":null}]",
        "{\"email\":null,\"phone\":null,\"lang\":null}", "\"2026-11-22\"", "\"10101\"", "\"cash\"",
    ];

    public static readonly (string Name, string Value)[] Headers =
    [
        ("Host", "evil.example"), ("Host", ""), ("Host", "a b"), ("Host", "[::1"), ("Accept", ";;;"), ("Accept", "*"),
        ("Accept", "text/html;q=2"), ("Accept", "text/html;q=-1;q=1"), ("Accept", ","), ("Accept-Language", ";q=1,-,*-*"),
        ("Accept-Language", "xx-yy-zz;q=0.0000001"), ("Accept-Encoding", "gzip, br"), ("Content-Encoding", "gzip"),
        ("Content-Type", "application/json; charset=utf-16"), ("Content-Type", "application/json; charset=\"utf-8\""),
        ("Content-Type", "text/plain"), ("Content-Type", "multipart/form-data; boundary="), ("Content-Type", "application/json;"),
        ("Content-Type", "application/problem+json"), ("Content-Type", "/"), ("Content-Digest", "sha-256=:AAAA:"),
        ("Content-Digest", "sha-512=::"), ("Content-Digest", "sha-256=:" + new string('A', 2_000) + ":"),
        ("Signature-Input", "sig1=();created=1"), ("Signature-Input", "sig1=(\"@method\";req);nonce=\"\""), ("Signature", "sig1=:AA==:"),
        ("Authorization", "Bearer"), ("Authorization", "Bearer  "), ("Authorization", "Basic"), ("Authorization", "Basic ===="),
        ("Authorization", "Basic Og=="), ("Authorization", "Basic " + new string('Q', 380)), ("Authorization", "Digest x"),
        ("Authorization", "Bearer " + new string('k', 5_000)), ("Authorization", "Bearer \u00ff\u00fe"), ("If-None-Match", "*"),
        ("If-None-Match", "\"a\", W/\"b\", c"), ("If-Match", "x"), ("If-Modified-Since", "yesterday"), ("Range", "bytes=0-0"),
        ("Range", "bytes=-1,5-2"), ("Expect", "100-continue"), ("Expect", "200-ok"), ("Upgrade", "h2c"), ("Upgrade", "websocket"),
        ("Connection", "Upgrade, HTTP2-Settings"), ("Connection", "close"), ("Connection", "Authorization"), ("Keep-Alive", "max=0"),
        ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "::1, unknown,,"),
        ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "for=\"[::1]\";host=x;proto=https"),
        ("X-HTTP-Method-Override", "DELETE"), ("X-Original-URL", "/health/live"), ("Cookie", new string('c', 4_000)),
        ("traceparent", "00-00000000000000000000000000000000-0000000000000000-00"), ("Trailer", "Content-Length"), ("TE", "trailers"),
        ("Accept-Charset", "utf-7"), ("Origin", "null"), ("Via", "1.1 x"), ("Max-Forwards", "-1"), ("Date", "x"),
        ("X-Long", new string('l', 15_000)), ("Prefer", "respond-async"), ("Idempotency-Key", "1"),
    ];

    public static readonly string[] Methods =
        ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "Put", "QUERY", "PROPFIND", "X"];

    public static readonly string[] Paths =
    [
        "/", "//", "/v1", "/v1/", "/V1/Account", "/v1/account/", "/v1//account", "/v1/./account", "/v1/x/../account", "/v1/%61ccount",
        "/v1/account%20", "/v1/account%00", "/v1/payments/%", "/v1/payments/%zz", "/v1/payments/%c0%ae", "/v1/payments/%E2%80%AE",
        "/v1/payments/..%2f..%2f", "/v1/payments/;a=b", "/v1/shifts/99999999999", "/v1/shifts/-1", "/v1/shifts/0", "/v1/shifts/1.0",
        "/osmp/", "/OSMP?command=check", "/verify/", "/verify/%00", "/verify/verify.css", "/health", "/health/", "/health/ready/x",
        "/openapi/v1.json", "/openapi/v2.json", "/favicon.ico", "/.git/config", "/v1/services/../../etc", "*",
        "/v1/payments?after=AAAAAAAAAAE&limit=200", "/v1/payments?limit=1&limit=2", "/v1/payments?from=%F0%9F%98%80",
    ];

    /// <summary>A text of random bytes as Latin-1.</summary>
    public static string Noise(Random random, int most)
    {
        var bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    }
}
