namespace EGovPay.Settlement.Terms;

/// <summary>A file of terms to begin with: the shape is right, and every account in it is invented.</summary>
public static class ExampleTerms
{
    /// <summary>JSON in UTF-8.</summary>
    public static byte[] Read()
    {
        using var stream = typeof(ExampleTerms).Assembly.GetManifestResourceStream("EGovPay.Settlement.Terms.example.json")
            ?? throw new InvalidOperationException("The example of the terms is not in the program.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
