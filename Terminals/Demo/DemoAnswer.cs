using System.Text.Json;

namespace EGovPay.Terminals.Demo;

/// <summary>What a terminal of the demo reads in an answer.</summary>
internal readonly record struct DemoAnswer(
    int Status, string? State, bool Final, int Code, string? Number, string? Inquiry, long DueQepik, long MinQepik,
    long MaxQepik)
{
    /// <summary>Of a shift: what ought to be in the till.</summary>
    public long ExpectedCashQepik { get; init; }

    /// <summary>Of a closed shift: what was counted less what was expected.</summary>
    public long DifferenceQepik { get; init; }

    /// <summary>The request is to be sent again, the same: nothing is certain, or it may succeed later.</summary>
    public bool Again => Status is 429 or >= 500;

    /// <summary>910 and 911 say nothing of the payment; every other problem is a refusal.</summary>
    public bool Refused => Code is > 0 and < 910;

    /// <summary>Reads the members of the outermost object; what is nested or unknown is passed over.</summary>
    public static DemoAnswer Read(int status, ReadOnlySpan<byte> body)
    {
        var answer = new DemoAnswer(status, null, false, 0, null, null, 0, 0, long.MaxValue);
        if (body.IsEmpty || body[0] != '{')
        {
            return answer;
        }

        var json = new Utf8JsonReader(body);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            answer = ReadMember(ref json, answer);
        }

        return answer;
    }

    private static DemoAnswer ReadMember(ref Utf8JsonReader json, DemoAnswer answer)
    {
        if (json.ValueTextEquals("state"u8) && json.Read())
        {
            return json.TokenType == JsonTokenType.String ? answer with { State = json.GetString() }
                : Skipped(ref json, answer);
        }

        if (json.ValueTextEquals("final"u8) && json.Read())
        {
            return answer with { Final = json.GetBoolean() };
        }

        if (json.ValueTextEquals("code"u8) && json.Read())
        {
            return json.TokenType == JsonTokenType.Number ? answer with { Code = json.GetInt32() }
                : Skipped(ref json, answer);
        }

        if (json.ValueTextEquals("number"u8) && json.Read())
        {
            return answer with { Number = json.GetString() };
        }

        if (json.ValueTextEquals("inquiry"u8) && json.Read())
        {
            return answer with { Inquiry = json.GetString() };
        }

        var name = json.GetString();
        json.Read();
        return json.TokenType != JsonTokenType.Number ? Skipped(ref json, answer) : name switch
        {
            "dueQepik" => answer with { DueQepik = json.GetInt64() },
            "minQepik" => answer with { MinQepik = json.GetInt64() },
            "maxQepik" => answer with { MaxQepik = json.GetInt64() },
            "expectedCashQepik" => answer with { ExpectedCashQepik = json.GetInt64() },
            "differenceQepik" => answer with { DifferenceQepik = json.GetInt64() },
            _ => answer,
        };
    }

    private static DemoAnswer Skipped(ref Utf8JsonReader json, DemoAnswer answer)
    {
        json.Skip();
        return answer;
    }
}
