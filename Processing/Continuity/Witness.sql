-- why: count on, so that the node can prove later what the database knew
-- locks: the node's own row
-- parameters: $1 place · $2 mark · $3 the node's name
insert into witness (place, name, mark, at) values ($1, $3, $2, clock_timestamp())
on conflict (place) do update set mark = excluded.mark, at = excluded.at
returning at
