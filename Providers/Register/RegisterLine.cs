using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using NodaTime;

namespace EGovPay.Providers.Register;

/// <summary>One confirmed payment as a register lists it.</summary>
/// <param name="Number">Our payment number.</param>
/// <param name="At">
/// What the register dates it by, written in the provider's zone: for an online provider the acceptance (its
/// <c>txn_date</c>), for a receiver of files the confirmation.
/// </param>
/// <param name="BudgetLevel">One digit, or null where the receiver is no budget.</param>
/// <param name="BudgetCode">Six digits, or null.</param>
public sealed record RegisterLine(
    long Number,
    int ServiceCode,
    string Account,
    IReadOnlyList<FieldValue> Fields,
    long AmountQepik,
    Instant At,
    string? BudgetLevel = null,
    string? BudgetCode = null);

/// <summary>The two forms of a register.</summary>
public enum RegisterForm
{
    /// <summary>
    /// OSMP's: <c>txn_id date time account sum</c>, TAB between, and <c>Total: count amount</c> last.
    /// </summary>
    Tab,

    /// <summary>
    /// For budget receivers: comma-separated records H (head), L (line), T (total of a level and code), Z (total of
    /// all).
    /// </summary>
    Csv,
}

/// <summary>
/// Whose register it is and of which settlement window: it names the file, and a window has one register, for ever.
/// </summary>
/// <param name="Provider">The provider's code.</param>
/// <param name="CutOff">The cut-off group, <c>C4</c>.</param>
/// <param name="BankDay">The window's bank day.</param>
/// <param name="Zone">The tz name in which lines are dated.</param>
/// <param name="Mapping">The provider's own form; null: <paramref name="Form"/>.</param>
public sealed record RegisterOf(
    string Provider, string CutOff, LocalDate BankDay, string Zone, RegisterForm Form, RegisterMapping? Mapping = null)
{
    /// <summary><c>azeristilik-2026-11-22-C4.tsv</c>, or as the mapping says.</summary>
    public string FileName => Mapping is { } mapping
        ? mapping.FileName.Replace("{provider}", Provider, StringComparison.Ordinal)
            .Replace("{day}", $"{BankDay:uuuu'-'MM'-'dd}", StringComparison.Ordinal)
            .Replace("{group}", CutOff, StringComparison.Ordinal)
        : $"{Provider}-{BankDay:uuuu'-'MM'-'dd}-{CutOff}.{(Form == RegisterForm.Tab ? "tsv" : "csv")}";
}
