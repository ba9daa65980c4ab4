using System.Collections.Frozen;
using EGovPay.Processing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// A program that plays every provider of the catalogue over real HTTP, each in its own protocol at its own path. It is
/// the other side of the truth: what it was asked and what it credited stands in a record of its own, and it can be
/// asked for it. It lies on request (<see cref="Lies"/>) and to <see cref="MagicAccounts"/>.
/// </summary>
public sealed class ProviderSimulator : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly SimulatedBook book;
    private int disposed;

    private ProviderSimulator(WebApplication app, SimulatedBook book, Uri address)
    {
        this.app = app;
        this.book = book;
        Address = address;
    }

    /// <summary>Where it listens: the address to which the catalogue's relative addresses are added.</summary>
    public Uri Address { get; }

    /// <summary>The lies in force.</summary>
    public Lies Lies
    {
        get => book.Lies;
        set => book.Lies = value;
    }

    /// <summary>Runs until it is told to stop. The record is whole when it returns.</summary>
    /// <exception cref="IOException">The port is taken, or the record cannot be opened.</exception>
    public static async Task RunAsync(SimulatorSettings settings, CancellationToken stop)
    {
        await using var simulator = await StartAsync(settings, SystemClock.Instance, stop);
        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    /// <summary>Starts it; it serves until it is disposed of.</summary>
    /// <exception cref="IOException">The port is taken, or the record cannot be opened.</exception>
    /// <exception cref="InvalidDataException">The record is damaged before its last line.</exception>
    public static async Task<ProviderSimulator> StartAsync(
        SimulatorSettings settings, IClock clock, CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024 * 1024;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(settings.Listen, settings.Port);
        });
        var itsBook = new SimulatedBook(settings);
        var itsApp = builder.Build();
        try
        {
            var doors = new SimulatedDoors(settings, itsBook, clock);
            itsApp.Run(doors.ServeAsync);
            await itsApp.StartAsync(stop);
            return new ProviderSimulator(itsApp, itsBook, new Uri(itsApp.Urls.First()));
        }
        catch
        {
            await itsApp.DisposeAsync();
            await itsBook.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops serving at once, and closes the record when it is written.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        await book.DisposeAsync();
    }
}

/// <summary>Which request goes to which provider, and in which protocol.</summary>
internal sealed class SimulatedDoors
{
    private readonly FrozenDictionary<string, ProviderSettings> byPath;
    private readonly OsmpSide osmp;
    private readonly JsonSide json;
    private readonly RegisterSide register;
    private readonly SimulatorControl control;

    public SimulatedDoors(SimulatorSettings settings, SimulatedBook book, IClock clock)
    {
        byPath = settings.Providers.ToFrozenDictionary(PathOf, StringComparer.OrdinalIgnoreCase);
        osmp = new OsmpSide(settings, book, clock);
        json = new JsonSide(settings, book, clock);
        register = new RegisterSide(book);
        control = new SimulatorControl(settings, book);
    }

    public Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.StartsWith("/_sim/", StringComparison.Ordinal))
        {
            return control.ServeAsync(context);
        }

        // The address itself is OSMP's; below it lie inquiries, payments and register files, perhaps under a service's
        // code.
        var rest = path.AsSpan().TrimEnd('/');
        var lookup = byPath.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var depth = 0; depth < 4 && !rest.IsEmpty; depth++)
        {
            if (lookup.TryGetValue(rest, out var provider))
            {
                return ServeAsync(context, provider, path.AsMemory(rest.Length));
            }

            rest = rest[..rest.LastIndexOf('/')];
        }

        return SimulatedWire.PlainAsync(context, 404, "no provider lives here\n");
    }

    private Task ServeAsync(HttpContext context, ProviderSettings provider, ReadOnlyMemory<char> below) =>
        provider.Protocol switch
        {
            "osmp" => osmp.ServeAsync(context, provider),
            "json" => json.ServeAsync(context, provider, below),
            "register" => register.ServeAsync(context, provider),
            _ => SimulatedWire.PlainAsync(context, 501, "a protocol that is not simulated\n"),
        };

    /// <summary>The path of an address, absolute or relative, without the place for a service's code.</summary>
    private static string PathOf(ProviderSettings provider)
    {
        var address = provider.Address.Replace("/{service}", "", StringComparison.Ordinal);
        var path = Uri.TryCreate(address, UriKind.Absolute, out var absolute) && !absolute.IsFile
            ? absolute.AbsolutePath : address;
        return $"/{path.Trim('/')}";
    }
}
