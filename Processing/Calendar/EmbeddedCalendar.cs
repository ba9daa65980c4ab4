namespace EGovPay.Processing.Calendar;

/// <summary>The project's own calendar, <c>calendar.json</c> beside this file, as built into the program.</summary>
public static class EmbeddedCalendar
{
    private const string Resource = "EGovPay.Processing.Calendar.calendar.json";

    /// <summary>The file's bytes, UTF-8.</summary>
    public static byte[] Read()
    {
        using var stream = typeof(EmbeddedCalendar).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program was built without {Resource}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The calendar that it holds. Parsed anew at each call.</summary>
    public static WorkingCalendar Load()
    {
        var check = CheckCalendar.Run(Read());
        return check.Calendar
            ?? throw new FormatException("The program's own calendar has faults: " + string.Join(" ", check.Faults));
    }
}
