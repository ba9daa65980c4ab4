using EGovPay.Terminals.CommandLine;

return await RunCommandLine.RunAsync(args);
