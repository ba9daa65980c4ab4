using EGovPay.Terminals.CommandLine;
using Spectre.Console;

namespace EGovPay.Terminals.Demo;

/// <summary>What the demo says of itself while it works: on stderr, a moving bar only where somebody watches.</summary>
internal static class DemoProgress
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(150);

    public static void Say(string what) => Console.Error.WriteLine(what);

    /// <summary>Shows work until it ends.</summary>
    public static async Task ShowAsync(string what, Task work, Func<long> done, long all)
    {
        if (Console.IsErrorRedirected)
        {
            Say(what);
            await work;
            return;
        }

        await Print.On(Console.Error).Progress()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, all));
                while (!work.IsCompleted)
                {
                    bar.Value = done();
                    await Task.WhenAny(work, Task.Delay(Look));
                }

                bar.Value = work.IsCompletedSuccessfully ? bar.MaxValue : done();
            });
        await work;
    }
}
