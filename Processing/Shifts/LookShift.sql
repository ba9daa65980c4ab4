-- why: a shift with its figures: as they stand while it is open, as they were once it is closed
-- locks: none
-- parameters: $1 agent · $2 terminal · $3 shift, or null for the open one
select s.shift_no, s.cashier, s.float_qepik, s.opened_at, s.closed_at, s.counted_cash_qepik,
    coalesce(s.z_report, shift_figures(s.agent_id, s.terminal_id, s.shift_no)::text)
from shift s
where s.agent_id = $1 and s.terminal_id = $2
    and case when $3::int is null then s.closed_at is null else s.shift_no = $3 end
