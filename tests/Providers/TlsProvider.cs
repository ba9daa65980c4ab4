using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Tests.Providers;

/// <summary>A provider that speaks OSMP over TLS, confirms whatever it hears and counts it.</summary>
internal sealed partial class TlsProvider : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly SslServerAuthenticationOptions options;
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;
    private int requests;

    private TlsProvider(SslServerAuthenticationOptions options)
    {
        this.options = options;
        listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Address = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>How many requests came out of a finished handshake.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <param name="wantsClient">Whoever has no certificate of this authority is not spoken with; null: anybody.</param>
    public static Task<TlsProvider> StartAsync(X509Certificate2 certificate, X509Certificate2? wantsClient = null) =>
        Task.FromResult(new TlsProvider(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = wantsClient is not null,
            RemoteCertificateValidationCallback = (_, shown, _, _) => wantsClient is null
                || (shown is X509Certificate2 one && one.Issuer == wantsClient.Subject),
        }));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var open = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                open.Add(AnswerAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(open);
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(options, stop.Token);
            var buffer = new byte[16_384];
            var heard = "";
            while (await stream.ReadAsync(buffer, stop.Token) is > 0 and var read)
            {
                heard += Encoding.ASCII.GetString(buffer, 0, read);
                var found = Number().Match(heard);
                if (!heard.Contains("\r\n\r\n", StringComparison.Ordinal)
                    || (!found.Success && heard.StartsWith("POST", StringComparison.Ordinal)))
                {
                    continue;
                }

                Interlocked.Increment(ref requests);
                var body = string.Create(
                    CultureInfo.InvariantCulture,
                    $"<?xml version=\"1.0\"?><response><osmp_txn_id>{found.Groups[1].Value}</osmp_txn_id><prv_txn>7</prv_txn>"
                    + $"<sum>10.45</sum><result>0</result></response>");
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), stop.Token);
                return;
            }
        }
        catch (Exception gone) when (gone is IOException or AuthenticationException or OperationCanceledException or SocketException)
        {
            // What the other side makes of our certificate is what is tested.
        }
    }

    [GeneratedRegex("txn_id=([0-9]+)")]
    private static partial Regex Number();
}
