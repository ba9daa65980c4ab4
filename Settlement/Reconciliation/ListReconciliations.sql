-- why: the comparisons that were made, newest first, for people; or one
-- locks: none
-- parameters: $1 a kind, or null · $2 a provider's code and a stroke, or null · $3 a day as it is written, or null
--      $4 only before this one · $5 only after this one · $6 how many
select r.reconciliation_id, r.kind, r.subject, r.started_at, r.ended_at, r.lines, r.matched, r.settled, r.in_flight, r.breaks, r.closed,
    r.run_by, r.file_id, r.statements
from reconciliation r
where ($1::text is null or r.kind = $1) and ($2::text is null or (r.kind = 'register' and starts_with(r.subject, $2)))
    and ($3::text is null or right(r.subject, 10) = $3) and r.reconciliation_id < $4 and r.reconciliation_id > $5
order by r.reconciliation_id desc
limit $6
