-- why: write down what came of attempts: what was told leaves for the record, the rest is due again later, or dead. A failed attempt
--      counts only while nobody has leased the delivery since; a success always does.
-- locks: the deliveries' rows
-- parameters: $1 agents · $2 numbers · $3 steps · $4 receivers · $5 attempts as leased · $6 outcome: 0 told, 1 again, 2 dead, 3 given
--      back unsent · $7 milliseconds until the next attempt · $8 notes, pairwise
with result as materialized (
    select r.agent_id, r.number, r.step, r.receiver, r.attempts, r.outcome, r.delay_ms, r.note
    from unnest(
        $1::int[], $2::bigint[], $3::smallint[], $4::int[], $5::smallint[], $6::smallint[], $7::int[], $8::text[]
        ) as r (agent_id, number, step, receiver, attempts, outcome, delay_ms, note)
),
heard as (
    delete from delivery d
    using result r
    where r.outcome = 0 and d.agent_id = r.agent_id and d.number = r.number and d.step = r.step and d.receiver = r.receiver
    returning d.agent_id, d.number, d.step, d.receiver, r.attempts
),
recorded as (
    insert into told (agent_id, number, at, receiver, step, attempts)
    select h.agent_id, h.number, now(), h.receiver, h.step, h.attempts from heard h
    on conflict (agent_id, number, step, receiver) do nothing
),
again as (
    update delivery d
    set next_at = now() + r.delay_ms * interval '1 millisecond',
        dead_at = case when r.outcome = 2 then now() else d.dead_at end,
        attempts = d.attempts - case when r.outcome = 3 then 1 else 0 end,
        note = coalesce(r.note, d.note)
    from result r
    where r.outcome <> 0 and d.agent_id = r.agent_id and d.number = r.number and d.step = r.step and d.receiver = r.receiver
        and d.attempts = r.attempts
)
select count(*) from heard
