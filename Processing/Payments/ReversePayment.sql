-- why: somebody wants a confirmed payment taken back: it becomes Reversing, and stands in the queue of those who are asked about, in
--      one commit. Only what was posted from the agent's funds, was never corrected and never asked for before can be taken back.
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 number · $3 minutes from the confirmation, by this clock; 0 never · $4 the reversal's own number
--      $5 terminal or null · $6 who asks · $7 the reason · $8 node
with clock as materialized (
    select greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at, clock_timestamp() as by_clock
    from business_day d where d.closed_at is null
),
known as materialized (
    select p.number, p.provider_id, p.notify, e.step, e.edge, r.number is not null as asked
    from payment p
    cross join lateral (
        select v.step, v.edge from event v
        where v.agent_id = p.agent_id and v.number = p.number
        order by v.step desc limit 1
    ) e
    left join reversal r on r.agent_id = p.agent_id and r.number = p.number
    where p.agent_id = $1 and p.number = $2
),
taken as materialized (
    select k.number, k.provider_id, k.notify, (k.step + 1)::smallint as step, c.at, c.by_clock
    from known k
    join transition t on t.edge_id = k.edge and t.to_state = 'Confirmed'
    cross join clock c
    where not k.asked
        and exists (
            select from event v
            where v.agent_id = $1 and v.number = k.number and v.receipt_counter is not null
                and c.at < v.at + make_interval(mins => $3))
        and not exists (select from event v where v.agent_id = $1 and v.number = k.number and v.edge between 24 and 27)
        and not exists (select from card_written w where w.agent_id = $1 and w.number = k.number)
),
asked as (
    insert into event (agent_id, number, at, node_id, step, edge, note, made_by)
    select $1, t.number, t.at, $8, t.step, 18, $7, $6 from taken t
),
queued as (
    insert into reversal (
        agent_id, number, step, cancel_number, asked_at, provider_id, terminal_id, shift_no, next_ask_at)
    select $1, t.number, t.step, $4, t.at, t.provider_id, $5,
        (select s.shift_no from shift s where s.agent_id = $1 and s.terminal_id = $5 and s.closed_at is null), t.by_clock
    from taken t
),
announced as (
    insert into outbox (agent_id, number, step, at)
    select $1, t.number, t.step, t.at from taken t where t.notify
),
-- What a person did stands in the record of acts as well; last, for its lock is held until the commit.
recorded as (
    select record_act($6, 'payment reverse', 'payment ' || t.number, json_build_object(
        'agentId', $1, 'step', t.step, 'cancelNumber', $4, 'reason', $7)::text) as act
    from taken t where $5 is null
)
select (select max(r.act) from recorded r) as act, exists (select from taken) or exists (
    select from reversal r where r.agent_id = $1 and r.number = $2 and r.cancel_number = $4) as mine
