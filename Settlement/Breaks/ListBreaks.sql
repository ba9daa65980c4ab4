-- why: breaks as they stand, oldest first, for whoever works them; the money that is at risk and how old they are
-- locks: none
-- parameters: $1 one break, or null · $2 also settled ones · $3 a side, or null · $4 a kind, or null · $5 a provider, or null
--      $6 a day, or null · $7 after this break · $8 how many · $9 a state, or null · $10 at least so many days old
--      $11 at most, or null · $12 at least so much at risk
select b.break_id, b.side, b.kind, b.subject, b.provider_id, b.agent_id, b.number, b.file_id, f.name, b.line, b.statement_id, b.entry_no,
    b.payout_id, b.day, b.opened_at, b.open_since, b.amount_at_risk_qepik, b.ours::text, b.theirs::text, b.cause, b.step,
    b.suggestion::text, b.reopened, b.state, b.settled_at, b.settled_by, b.proposal_id, b.resolution, a.age
from break_now b
cross join lateral (
    select (now() at time zone 'Asia/Baku')::date - (b.open_since at time zone 'Asia/Baku')::date as age
) a
left join settlement_file f on f.file_id = b.file_id
where ($1::bigint is null or b.break_id = $1) and ($2 or b.state <> 'settled') and ($3::text is null or b.side = $3)
    and ($4::text is null or b.kind = $4) and ($5::int is null or b.provider_id = $5) and ($6::date is null or b.day = $6)
    and b.break_id > $7 and ($9::text is null or b.state = $9)
    and a.age >= $10 and ($11::int is null or a.age <= $11) and b.amount_at_risk_qepik >= $12
order by b.break_id
limit $8
