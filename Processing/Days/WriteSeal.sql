-- why: a seal, its pieces and its entry in the record of acts, all or nothing. Whoever was killed before has written nothing; whoever comes
--      second, with the same seal, writes nothing either
-- locks: the new rows; last the record's, until the end of this one statement
-- parameters: $1 day · $2 version · $3 transfers · $4 qəpik · $5 previous · $6 hash · $7 agents · $8 stretches · $9 transfers
--      · $10 qəpik · $11 hashes, of the pieces, pairwise · $12 who
with sealed as (
    insert into day_seal (business_day, version, transfers, amount_qepik, previous, hash)
    select b.day, $2, $3, $4, $5, $6
    from business_day b
    where b.day = $1 and b.closed_at is not null
        and $5 = coalesce((select s.hash from day_seal s order by s.business_day desc limit 1), decode(repeat('00', 32), 'hex'))
        and not exists (select from day_seal s where s.business_day >= $1)
    on conflict do nothing
    returning business_day
),
pieces as (
    insert into day_seal_piece (business_day, agent_id, stretch, transfers, amount_qepik, hash)
    select s.business_day, p.agent_id, p.stretch, p.transfers, p.amount_qepik, p.hash
    from sealed s
    cross join unnest($7::int[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[])
        as p (agent_id, stretch, transfers, amount_qepik, hash)
    returning agent_id
)
select record_act($12, 'day sealed', 'day ' || to_char(s.business_day, 'YYYY-MM-DD'), json_build_object(
    'version', $2::smallint, 'transfers', $3::bigint, 'amountQepik', $4::bigint, 'hash', encode($6::bytea, 'hex'))::text)
from sealed s
