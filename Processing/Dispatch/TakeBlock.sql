-- why: the next thousand payment numbers for a node, with the time they were taken
-- locks: none that wait
-- parameters: $1 node
insert into number_block (first, node_id, taken_at)
values (nextval('payment_number'), $1, clock_timestamp())
returning first
