-- why: a teller begins a shift at a terminal that has none open; the numbers of a terminal's shifts have no gap
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 terminal · $3 cashier · $4 float · $5 this opening, random
with known as materialized (
    select s.shift_no, s.opening from shift s where s.agent_id = $1 and s.terminal_id = $2 and s.closed_at is null
),
entered as (
    insert into shift (agent_id, terminal_id, shift_no, cashier, float_qepik, opened_at, opening)
    select $1, $2, coalesce(max(s.shift_no), 0) + 1, $3, $4, clock_timestamp(), $5
    from shift s
    where s.agent_id = $1 and s.terminal_id = $2
    having not exists (select from known)
    returning shift_no
)
select coalesce(k.shift_no, e.shift_no), k.opening is null or k.opening = $5
from (select 1) one
left join known k on true
left join entered e on true
