// Tests that only need somebody who may act find them without saying where they come from.
global using EGovPay.Tests.People;
