-- why: what a bank said of payouts, with the file in which it said so; a file that was read before changes nothing
-- locks: none
-- parameters: $1 name · $2 SHA-256 · $3 bytes · $4 format · $5 source · $6 who · $7 payouts · $8 levels · $9 codes · $10 verdicts · $11 reasons
with entered as (
    insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
    values ('payment-status', $1, $2, $3, $4, $5, $6)
    on conflict (sha256, about) where refused_because is null do nothing
    returning file_id
),
told as (
    insert into payout_status (payout_id, source, file_id, level, code, verdict, reason)
    select x.payout_id, 'pain.002', e.file_id, x.level, x.code, x.verdict, x.reason
    from entered e
    cross join unnest($7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[]) as x (payout_id, level, code, verdict, reason)
)
select e.file_id from entered e
