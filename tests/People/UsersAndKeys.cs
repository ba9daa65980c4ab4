using EGovPay.Processing.People;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.People;

/// <summary>Who may act, and how they show it.</summary>
public sealed class UsersAndKeys : IAsyncLifetime
{
    private TestDatabase database = null!;
    private TestPeople people = null!;

    private Users Users => new(database.DataSource);

    private KnowPerson Know => new(database.DataSource);

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        people = await TestPeople.InAsync(database.DataSource);
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task A_key_shows_its_person_and_only_a_hash_of_it_is_kept()
    {
        (await Know.ShowAsync(people.DoerKey + "\n")).Person!.Login.Should().Be(TestPeople.Doer.Login);
        var secret = people.DoerKey[(people.DoerKey.LastIndexOf('.') + 1)..];
        System.Buffers.Text.Base64Url.DecodeFromChars(secret).Should().HaveCountGreaterThanOrEqualTo(24);
        (await database.AskAsync<string>("select string_agg(p::text, ' ') from person p")).Should().NotContain(secret);
        (await database.AskAsync<string>("select string_agg(a::text, ' ') from act a")).Should().NotContain(secret);
    }

    [Theory]
    [InlineData("")]
    [InlineData("aysel")]
    [InlineData(".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aysel.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aysel.short")]
    public async Task What_has_not_the_form_of_a_key_is_none(string text) =>
        (await Know.ShowAsync(text)).Why.Should().Be(NotKnown.NoKey);

    [Theory]
    [InlineData("nobody")]
    [InlineData("aysel' or '1'='1")]
    [InlineData("ayşəl")]
    public async Task A_key_of_nobody_is_refused_like_a_wrong_one(string login) =>
        (await Know.ShowAsync(PersonKey.New(login).Text)).Why.Should().Be(NotKnown.WrongKey);

    [Fact]
    public async Task Five_wrong_keys_lock_a_login_also_for_the_right_one_until_time_or_a_new_key_ends_it()
    {
        for (var wrong = 1; wrong < KnowPerson.Failures; wrong++)
        {
            (await Know.ShowAsync(PersonKey.New("resad").Text)).Why.Should().Be(NotKnown.WrongKey);
        }

        (await Know.ShowAsync(PersonKey.New("resad").Text)).Why.Should().Be(NotKnown.Locked);
        (await Know.ShowAsync(people.ApproverKey)).Why.Should().Be(NotKnown.Locked);
        (await database.AskAsync<string>("select what from act order by number desc limit 1")).Should().Be("user locked");

        await database.ExecuteAsync("update person set locked_until = now() - interval '1 second' where login = 'resad'");
        (await Know.ShowAsync(people.ApproverKey)).Person.Should().NotBeNull();

        for (var wrong = 0; wrong < KnowPerson.Failures; wrong++)
        {
            await Know.ShowAsync(PersonKey.New("resad").Text);
        }

        var next = PersonKey.New("resad");
        (await Users.SetKeyAsync(TestPeople.Doer, next, "resad")).Should().Be(UserChange.Done);
        (await Know.ShowAsync(next.Text)).Person.Should().NotBeNull();
        (await Know.ShowAsync(people.ApproverKey)).Why.Should().Be(NotKnown.WrongKey, "the old key stopped");
    }

    [Fact]
    public async Task Guesses_at_once_are_counted_one_by_one()
    {
        var shown = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Know.ShowAsync(PersonKey.New("resad").Text)));
        shown.Count(one => one.Why == NotKnown.WrongKey).Should().Be(KnowPerson.Failures - 1);
        shown.Count(one => one.Why == NotKnown.Locked).Should().Be(30 - KnowPerson.Failures + 1);
    }

    [Fact]
    public async Task Wrong_keys_of_long_ago_are_forgotten_and_a_right_one_clears_the_count()
    {
        for (var wrong = 1; wrong < KnowPerson.Failures; wrong++)
        {
            await Know.ShowAsync(PersonKey.New("resad").Text);
        }

        await database.ExecuteAsync("update person set failed_at = now() - interval '16 minutes'");
        (await Know.ShowAsync(PersonKey.New("resad").Text)).Why.Should().Be(NotKnown.WrongKey);
        (await Know.ShowAsync(people.ApproverKey)).Person.Should().NotBeNull();
        (await database.AskAsync<int>("select failures from person where login = 'resad'")).Should().Be(0);
    }

    [Fact]
    public async Task A_disabled_person_is_refused_and_told_so_only_with_the_right_key()
    {
        (await Users.DisableAsync(TestPeople.Doer, "resad")).Should().Be(UserChange.Done);
        (await Know.ShowAsync(people.ApproverKey)).Why.Should().Be(NotKnown.Disabled);
        (await Know.ShowAsync(PersonKey.New("resad").Text)).Why.Should().Be(NotKnown.WrongKey);
        (await Users.DisableAsync(TestPeople.Doer, "resad", disabled: false)).Should().Be(UserChange.Done);
        (await Know.ShowAsync(people.ApproverKey)).Person.Should().NotBeNull();
    }

    [Fact]
    public async Task The_last_administrator_stays_one_however_many_try_at_once()
    {
        (await Users.SetRolesAsync(TestPeople.Doer, "aysel", [Role.Finance])).Should().Be(UserChange.LastAdministrator);
        (await Users.DisableAsync(TestPeople.Doer, "aysel")).Should().Be(UserChange.LastAdministrator);
        await people.AddAsync(new Person("leyla", "Leyla", [Role.Administrator]));
        var changes = await Task.WhenAll(
            Users.DisableAsync(TestPeople.Doer, "aysel"), Users.SetRolesAsync(TestPeople.Doer, "leyla", [Role.Auditor]));
        changes.Should().BeEquivalentTo([UserChange.Done, UserChange.LastAdministrator]);
        (await Users.ListAsync()).Count(user => !user.Disabled && user.Roles.Contains(Role.Administrator)).Should().Be(1);
    }

    [Fact]
    public async Task The_first_person_is_made_once_and_again_only_while_their_key_was_never_used()
    {
        await using var empty = await TestDatabase.CreateAsync();
        var users = new Users(empty.DataSource);
        var (lost, kept) = (PersonKey.New("first"), PersonKey.New("first"));
        (await users.BootstrapAsync(lost, "first", "F", [Role.Administrator])).Should().Be(UserChange.Done);
        (await users.BootstrapAsync(PersonKey.New("other"), "other", "O", [Role.Administrator])).Should().Be(UserChange.NotFirst);
        (await users.BootstrapAsync(kept, "first", "F", [Role.Administrator])).Should().Be(UserChange.Done);
        (await new KnowPerson(empty.DataSource).ShowAsync(lost.Text)).Person.Should().BeNull();
        (await new KnowPerson(empty.DataSource).ShowAsync(kept.Text)).Person.Should().NotBeNull();
        (await users.BootstrapAsync(PersonKey.New("first"), "first", "F", [Role.Administrator])).Should().Be(UserChange.NotFirst);
        (await empty.AskAsync<long>("select count(*) from act where who = 'bootstrap'")).Should().Be(2);
    }

    [Fact]
    public async Task Many_first_persons_at_once_are_one()
    {
        await using var empty = await TestDatabase.CreateAsync();
        var users = new Users(empty.DataSource);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            users.BootstrapAsync(PersonKey.New($"p{i}"), $"p{i}", "P", [Role.Administrator])));
        made.Count(one => one == UserChange.Done).Should().Be(1);
        (await users.ListAsync()).Should().HaveCount(1);
    }

    [Fact]
    public async Task A_login_is_never_given_twice_and_each_change_stands_in_the_record_with_who_made_it()
    {
        (await Users.AddAsync(TestPeople.Doer, PersonKey.New("resad"), "resad", "x", [Role.Auditor])).Should().Be(UserChange.Taken);
        (await Users.SetRolesAsync(TestPeople.Doer, "nobody", [Role.Auditor])).Should().Be(UserChange.Unknown);
        (await Users.SetRolesAsync(TestPeople.Doer, "resad", [Role.Auditor, Role.Teller])).Should().Be(UserChange.Done);
        var entry = (await new ActRecord(database.DataSource).ListAsync(1))[0];
        entry.Who.Should().Be("aysel");
        entry.What.Should().Be("user role");
        entry.Subject.Should().Be("user resad");
        entry.Details.Should().Be("""{"before":["approver"],"after":["teller","auditor"]}""");
        (await new ActRecord(database.DataSource).ListAsync(100)).Should().HaveCount(3, "what was refused changed nothing");
    }

    [Fact]
    public async Task Who_has_not_the_role_changes_nothing()
    {
        var act = () => Users.AddAsync(TestPeople.Approver, PersonKey.New("x"), "x", "x", [Role.Administrator]);
        await act.Should().ThrowAsync<InvalidOperationException>();
        (await Users.ListAsync()).Should().HaveCount(2);
    }
}
