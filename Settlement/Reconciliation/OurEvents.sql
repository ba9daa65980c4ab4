-- why: what has happened to payments since a day began, packed: a row a payment costs server and reader more than all else. The first of
--      the two lists is of those that were simply confirmed while the day lasted, numbers alone; the second is of whatever else happened
--      until now, each a number, a step and an edge. The first event of a payment says nothing
-- locks: none
-- parameters: $1 from when · $2 until when of the first list · $3 and $4 every so manieth number · $5 the edge by which most are confirmed
select string_agg(int8send(e.number), ''::bytea) filter (where e.step = 1 and e.edge = $5 and e.at < $2),
    string_agg(int8send(e.number) || int2send(e.step) || int2send(e.edge), ''::bytea) filter (where e.step > 1 or e.edge <> $5)
from event e
where e.at >= $1 and e.step > 0 and e.number % $3 = $4
