-- why: what statements say of payouts: booked, or given back. Each is said once of a payout, however often its booking is looked at
-- locks: none; the caller holds the turn of reconciling with banks
-- parameters: $1 payouts · $2 files · $3 codes · $4 verdicts · $5 where it stands, pairwise
insert into payout_status (payout_id, source, file_id, level, code, verdict, reason)
select x.payout_id, 'statement', x.file_id, 'entry', x.code, x.verdict, x.reason
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) with ordinality as x (payout_id, file_id, code, verdict, reason, place)
where not exists (
    select from payout_status s where s.payout_id = x.payout_id and s.source = 'statement' and s.verdict = x.verdict)
order by x.place
returning verdict
