-- why: cash was taken out of a terminal in a bag; one bag is one collection, however often it is told
-- locks: none; two at once for one terminal take the same number, and one of them is told again
-- parameters: $1 agent · $2 terminal · $3 bag · $4 notes
with known as materialized (
    select c.collection_no, c.at, c.notes from collection c
    where c.agent_id = $1 and c.terminal_id = $2 and c.bag_number = $3
),
entered as (
    insert into collection (agent_id, terminal_id, collection_no, at, bag_number, notes)
    select $1, $2, coalesce(max(c.collection_no), 0) + 1, clock_timestamp(), $3, $4
    from collection c
    where c.agent_id = $1 and c.terminal_id = $2
    having not exists (select from known)
    on conflict do nothing
    returning collection_no, at, notes
)
select k.collection_no, k.at, k.notes, false from known k
union all
select e.collection_no, e.at, e.notes, true from entered e
