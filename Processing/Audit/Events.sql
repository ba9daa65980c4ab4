-- why: a part of an agent's payments, their events folded over the table of states, and every row that must belong to one of them.
--      A row comes back for each measure ('+…') and for each invariant that does not hold, with the first offenders.
-- locks: none; one snapshot
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut: what was held is told as of then
--      $5 edges · $6 from state · $7 to state · $8 a receipt number is due · $9 two people are due, pairwise
with edge as materialized (
    select e.id, e.from_state, e.to_state, e.numbered, e.two_people
    from unnest($5::smallint[], $6::smallint[], $7::smallint[], $8::boolean[], $9::boolean[])
        as e (id, from_state, to_state, numbered, two_people)
),
book as materialized (
    select p.number, p.accepted_at, p.amount_qepik, p.fee_qepik, p.commission_qepik, p.provider_fee_qepik,
        p.amount_qepik + p.fee_qepik as hold, p.service_code, p.provider_id, p.tender, p.terminal_id
    from payment p
    where p.agent_id = $1 and p.number > $2 and p.number <= $3
),
happened as materialized (
    select v.number, v.step, v.edge, v.at, v.send_before, v.receipt_counter, v.business_day, v.made_by, v.approved_by,
        x.from_state, x.to_state, x.numbered, x.two_people,
        lag(v.step) over w as step_before, lag(x.to_state) over w as state_before, lead(v.at) over w as next_at,
        count(*) filter (where v.edge between 24 and 26) over w as corrected
    from event v
    left join edge x on x.id = v.edge
    where v.agent_id = $1 and v.number > $2 and v.number <= $3
    window w as (partition by v.number order by v.step)
),
now as materialized (
    select h.number, h.to_state from happened h where h.next_at is null
),
owed as materialized (
    -- since: it must be returned. A refusal out of Dispatched is owed only if its terminal had been told "not final": it may be.
    -- What is not owed when it is corrected to delivered was given back on the spot, and never is owed after it.
    select b.number, b.terminal_id, min(h.at) filter (where h.from_state in (3, 4, 7)) as since, array_agg(h.at) as times
    from book b
    join happened h on h.number = b.number
    where b.tender = 0 and h.to_state in (5, 8) and h.edge not in (29, 31) and h.corrected = 0
    group by b.number, b.terminal_id
),
denied as materialized (
    select c.number, c.step, c.edge, c.opened_at, c.closed_at, coalesce((
        select d.state = 'done' and d.made_by <> d.decided_by and d.agent_id = c.agent_id and d.number = c.number
        from proposal d where d.proposal_id = c.proposal_id), false) as decided
    from contradiction c
    where c.agent_id = $1 and c.number > $2 and c.number <= $3
),
fault (about, number, what) as (
    select 'events', b.number, 'has no event'
    from book b left join happened h on h.number = b.number where h.number is null
    union all
    select 'events', h.number, format('step %s follows step %s', h.step, coalesce(h.step_before::text, '(none)'))
    from happened h where h.step <> coalesce(h.step_before, -1) + 1
    union all
    select 'events', h.number, format('step %s takes edge %s, which does not exist', h.step, h.edge)
    from happened h where h.to_state is null
    union all
    select 'events', h.number, format('step %s takes edge %s from state %s, and stood in state %s', h.step, h.edge,
        h.from_state, coalesce(h.state_before, 0))
    from happened h
    where h.step = coalesce(h.step_before, -1) + 1 and h.from_state <> coalesce(h.state_before, 0)
        and (h.step = 0 or h.state_before is not null)
    union all
    select 'acceptance', h.number, 'its first event is not of the moment of its acceptance'
    from happened h join book b on b.number = h.number where h.step = 0 and h.at <> b.accepted_at
    union all
    select 'acceptance', b.number, 'was cancelled unseen and has a service or money, or the other way round'
    from book b left join happened h on h.number = b.number and h.step = 0
    where h.edge is not null and (h.edge = 3) <> (b.service_code = 0 and b.hold + b.commission_qepik + b.provider_fee_qepik = 0)
    union all
    select 'acceptance', b.number, 'has a negative amount'
    from book b where least(b.amount_qepik, b.fee_qepik, b.commission_qepik, b.provider_fee_qepik) < 0
    union all
    select 'claims', h.number, format('step %s is a claim without an end, or has an end and is none', h.step)
    from happened h where h.to_state is not null
        and (h.to_state = 2) is distinct from (h.send_before is not null and (h.send_before >= h.at
            -- a clock that was behind: dated by what was closed last, its claim by the clock itself
            or exists (select from business_day d where d.opened_at = h.at)
            or exists (select from settlement_window w where w.closes_at = h.at)))
    union all
    select 'two-people', h.number, format('step %s was not proposed by one and approved by another', h.step)
    from happened h
    where h.two_people and coalesce(h.made_by = h.approved_by or h.made_by = '' or h.approved_by = '', true)
    union all
    select 'receipts', h.number, format('step %s has a receipt number or a day and should not, or should', h.step)
    from happened h
    where h.numbered is not null
        and (h.numbered <> (h.receipt_counter is not null) or h.numbered <> (h.business_day is not null))
    union all
    select 'business-days', h.number, format('step %s confirmed at %s, which is not in the day %s', h.step, h.at, h.business_day)
    from happened h
    left join business_day d on d.day = h.business_day and d.opened_at <= h.at and (d.closed_at is null or h.at <= d.closed_at)
    where h.business_day is not null and d.day is null
    union all
    select 'unknown', coalesce(n.number, u.number), case
        when u.number is null then 'is Unknown and nobody asks about it'
        when n.number is null then 'is not Unknown and is asked about'
        else format('is asked about at provider %s', u.provider_id) end
    from (select k.number, b.provider_id from now k join book b on b.number = k.number where k.to_state = 3) n
    full join (
        select q.number, q.provider_id from unknown_payment q
        where q.agent_id = $1 and q.number > $2 and q.number <= $3
    ) u on u.number = n.number
    where u.number is null or n.number is null or u.provider_id <> n.provider_id
    union all
    select 'reversals', coalesce(h.number, r.number), case
        when r.number is null then format('step %s asked for a reversal that nobody asks for', h.step)
        when h.number is null then format('has a reversal that step %s did not ask for', r.step)
        when r.provider_id <> b.provider_id or r.asked_at <> h.at or r.cancel_number = r.number
            then 'has a reversal of another provider, of another time or under its own number'
        when r.next_ask_at is null then 'is Reversing and nobody asks its provider'
        else 'is not Reversing and its provider is asked' end
    from (select k.number, k.step, k.at from happened k where k.edge = 18) h
    full join (
        select q.number, q.step, q.provider_id, q.cancel_number, q.asked_at, q.next_ask_at from reversal q
        where q.agent_id = $1 and q.number > $2 and q.number <= $3
    ) r on r.number = h.number and r.step = h.step
    left join book b on b.number = r.number
    left join now n on n.number = r.number
    where r.number is null or h.number is null or r.provider_id is distinct from b.provider_id or r.asked_at <> h.at
        or r.cancel_number = r.number or (n.to_state = 7) is distinct from (r.next_ask_at is not null)
    union all
    select 'to-return', coalesce(o.number, r.number), case
        when r.number is null then 'was taken in cash, has come to nothing, and is not to be returned'
        when o.number is null then 'is to be returned, and has not come to nothing after its first answer'
        else 'is to be returned from another terminal or another time, or is half returned' end
    from owed o
    full join (
        select c.number, c.terminal_id, c.since, c.returned_at, c.returned_by from cash_to_return c
        where c.agent_id = $1 and c.number > $2 and c.number <= $3
    ) r on r.number = o.number
    where o.number is null or (r.number is null and o.since is not null) or o.terminal_id <> r.terminal_id
        or r.since <> all (o.times) or r.since > o.since or (r.returned_at is null) <> (r.returned_by is null)
    union all
    -- A late truth while a contradiction is open is one more voice in it.
    select 'contradictions', h.number, format('step %s denies what is final and no contradiction was open', h.step)
    from happened h
    where h.edge between 28 and 32 and not exists (
        select from denied c where c.number = h.number and c.step <= h.step and (c.closed_at is null or c.closed_at >= h.at))
    union all
    select 'contradictions', c.number, case
        when h.number is null then format('a contradiction stands over step %s, which is no late truth', c.step)
        when c.opened_at <> h.at then format('a contradiction stands over step %s and is of another time', c.step)
        else format('the contradiction of step %s was closed and two people did not decide it', c.step) end
    from denied c
    left join happened h on h.number = c.number and h.step = c.step and h.edge = c.edge and h.edge between 28 and 32
    where h.number is null or c.opened_at <> h.at or (c.closed_at is not null and not c.decided)
    union all
    select 'orphans', h.number, format('event %s has no payment', h.step)
    from happened h left join book b on b.number = h.number where b.number is null
    union all
    select 'orphans', r.number, format('%s of step %s has no event', r.kind, r.step)
    from (
        select 'exchange' as kind, x.number, x.step from exchange x
        where x.agent_id = $1 and x.number > $2 and x.number <= $3
        union all
        select 'outbox', o.number, o.step from outbox o where o.agent_id = $1 and o.number > $2 and o.number <= $3
        union all
        select 'delivery', d.number, d.step from delivery d where d.agent_id = $1 and d.number > $2 and d.number <= $3
        union all
        select 'told', t.number, t.step from told t where t.agent_id = $1 and t.number > $2 and t.number <= $3
    ) r
    left join happened h on h.number = r.number and h.step = r.step
    where h.number is null
    union all
    select 'orphans', r.number, format('%s has no payment', r.kind)
    from (
        select 'receipt print' as kind, x.number from receipt_print x
        where x.agent_id = $1 and x.number > $2 and x.number <= $3
        union all
        select 'written card', o.number from card_written o where o.agent_id = $1 and o.number > $2 and o.number <= $3
        union all
        select 'payer''s address', a.number from payer_contact a where a.agent_id = $1 and a.number > $2 and a.number <= $3
    ) r
    left join book b on b.number = r.number
    where b.number is null
)
select f.about, count(f.about) as count, (array_agg(f.number order by f.number, f.what))[1:5] as numbers,
    (array_agg(f.what order by f.number, f.what))[1:5] as whats
from fault f
group by f.about
union all
select '+payments', count(b.number), null, null from book b
union all
select '+cash', count(o.number), null, null from owed o where o.since is not null
union all
select '+reversals', count(h.number), null, null from happened h where h.edge = 18
union all
select '+contradictions', count(h.number), null, null from happened h where h.edge between 28 and 32
union all
select '+unknown', count(n.number), null, null from now n where n.to_state = 3
union all
select '+events', count(h.number), null, null from happened h
union all
select '+claims', count(h.number), null, null from happened h where h.to_state = 2
union all
select '+receipts', count(h.number), null, null from happened h where h.receipt_counter is not null
union all
select '+two-people', count(h.number), null, null from happened h where h.two_people
union all
select '+held', coalesce(sum(b.hold), 0)::bigint, null, null
from happened h
join book b on b.number = h.number
where h.at <= $4 and (h.next_at is null or h.next_at > $4) and h.to_state in (1, 2, 3)
