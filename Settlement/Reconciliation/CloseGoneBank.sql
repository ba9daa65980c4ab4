-- why: breaks against banks and acquirers that a look at all of these days did not find again
-- locks: the rows of these breaks
-- parameters: $1 from · $2 to · $3 who · $4 what was found, kind and subject
update settlement_break b
set settled_at = clock_timestamp(), settled_by = $3
where b.side in ('bank', 'acquirer') and b.kind <> 'BalanceDiffers' and b.settled_at is null and b.day between $1 and $2
    and not exists (select from unnest($4::text[]) as f (name) where f.name = b.kind || ' ' || b.subject)
