-- why: statements that add up by now, or whose missing neighbour came
-- locks: the rows of these breaks
-- parameters: $1 from this day · $2 who · $3 what was found, kind and subject
update settlement_break b
set settled_at = clock_timestamp(), settled_by = $2
where b.side = 'bank' and b.kind = 'BalanceDiffers' and b.settled_at is null and b.day >= $1
    and not exists (select from unnest($3::text[]) as f (name) where f.name = b.kind || ' ' || b.subject)
