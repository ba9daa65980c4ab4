-- why: the receiver has read a register; the lines it rejected are kept for the people who work them
-- locks: the register's row
-- parameters: $1 provider · $2 cut-off group · $3 bank day · $4 rejected numbers · $5 reasons, pairwise
with refused as (
    insert into register_rejection (provider_id, cutoff_group, bank_day, number, reason)
    select $1, $2, $3, r.number, r.reason
    from unnest($4::bigint[], $5::text[]) as r (number, reason)
    on conflict do nothing
)
update register_file
set acknowledged_at = now()
where provider_id = $1 and cutoff_group = $2 and bank_day = $3 and acknowledged_at is null
