-- why: end a shift with its figures, exactly: no payment of the agent is written meanwhile
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 terminal · $3 shift · $4 counted cash · $5 this closing, random
with closed as (
    update shift s
    set closed_at = clock_timestamp(), counted_cash_qepik = $4, closing = $5,
        z_report = shift_figures($1, $2, $3)::text
    where s.agent_id = $1 and s.terminal_id = $2 and s.shift_no = $3 and s.closed_at is null
    returning s.shift_no
)
select c.shift_no from closed c
union all
select s.shift_no from shift s where s.agent_id = $1 and s.terminal_id = $2 and s.shift_no = $3 and s.closing = $5
