-- why: differences that somebody found: a new one is a break, one that was found before is the same break. What was settled is opened
--      again where it is found again; what two people settled only where either side says something else by now
-- locks: the rows of these breaks
-- parameters: $1 side · $2 kind · $3 subject · $4 provider · $5 agent · $6 number · $7 file · $8 line · $9 statement · $10 entry
--      $11 payout · $12 day · $13 at risk · $14 ours · $15 theirs · $16 cause · $17 step · $18 suggestion, each an array
insert into settlement_break as b (
    side, kind, subject, provider_id, agent_id, number, file_id, line, statement_id, entry_no, payout_id, day, amount_at_risk_qepik,
    ours, theirs, cause, step, suggestion)
select f.side, f.kind, f.subject, f.provider_id, f.agent_id, f.number, f.file_id, f.line, f.statement_id, f.entry_no, f.payout_id,
    f.day, f.at_risk, f.ours::jsonb, f.theirs::jsonb, f.cause, f.step, f.suggestion::jsonb
from unnest(
        $1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::int[], $9::bigint[], $10::int[],
        $11::bigint[], $12::date[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[]
    ) as f (side, kind, subject, provider_id, agent_id, number, file_id, line, statement_id, entry_no, payout_id, day, at_risk,
        ours, theirs, cause, step, suggestion)
on conflict (side, kind, subject) do update
set provider_id = excluded.provider_id, agent_id = excluded.agent_id, number = excluded.number, file_id = excluded.file_id,
    line = excluded.line, statement_id = excluded.statement_id, entry_no = excluded.entry_no, payout_id = excluded.payout_id,
    day = excluded.day, amount_at_risk_qepik = excluded.amount_at_risk_qepik, ours = excluded.ours, theirs = excluded.theirs,
    cause = excluded.cause, step = excluded.step, suggestion = excluded.suggestion, settled_at = null, settled_by = null,
    reopened = b.reopened + case when b.settled_at is not null or exists (
        select from proposal p
        where p.break_id = b.break_id and p.state = 'done' and p.ended_at >= coalesce(b.reopened_at, b.opened_at)) then 1 else 0 end,
    reopened_at = case when b.settled_at is not null or exists (
        select from proposal p
        where p.break_id = b.break_id and p.state = 'done' and p.ended_at >= coalesce(b.reopened_at, b.opened_at))
        then clock_timestamp() else b.reopened_at end,
    -- Where the facts are others, what was proposed about it was about something else.
    evidence = b.evidence + case when b.settled_at is not null
        or (b.ours, b.theirs, b.amount_at_risk_qepik) is distinct from (excluded.ours, excluded.theirs, excluded.amount_at_risk_qepik)
        then 1 else 0 end
where not (b.settled_at is null and (b.ours, b.theirs) is not distinct from (excluded.ours, excluded.theirs)
    and (b.file_id, b.line, b.day, b.cause, b.step, b.suggestion, b.amount_at_risk_qepik) is not distinct from (
        excluded.file_id, excluded.line, excluded.day, excluded.cause, excluded.step, excluded.suggestion, excluded.amount_at_risk_qepik))
    and not (b.settled_at is null and (b.ours, b.theirs) is not distinct from (excluded.ours, excluded.theirs) and exists (
        select from proposal p
        where p.break_id = b.break_id and p.state = 'done' and p.ended_at >= coalesce(b.reopened_at, b.opened_at)))
