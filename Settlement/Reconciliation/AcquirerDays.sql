-- why: what acquirers say that they owe us, by report and day
-- locks: none
-- parameters: $1 acquirers · $2 from · $3 to, days · $4 how many at most
select a.acquirer, a.file_id, f.name, l.day, sum(l.gross_qepik)::bigint, sum(l.fee_qepik)::bigint, sum(l.net_qepik)::bigint, count(*)
from acquirer_in a
join settlement_file f on f.file_id = a.file_id
join acquirer_line l on l.file_id = a.file_id
where a.acquirer = any ($1) and l.day between $2 and $3 and f.refused_because is null
group by a.acquirer, a.file_id, f.name, l.day
order by l.day, a.file_id
limit $4
