-- why: breaks of a provider's register that are gone: of this day those that were not found again, of other days those of payments
--      that were missing there and turned up in this register
-- locks: the rows of these breaks
-- parameters: $1 provider · $2 day · $3 who · $4 the subjects that were found, with their kind before them · $5 numbers that turned up
update settlement_break b
set settled_at = clock_timestamp(), settled_by = $3
where b.side = 'register' and b.provider_id = $1 and b.settled_at is null
    and (b.day = $2 or (b.kind = 'MissingThere' and b.number = any ($5)))
    and not exists (select from unnest($4::text[]) as f (name) where f.name = b.kind || ' ' || b.subject)
