-- why: all transfers of a closed day in the one order of their keys, for its seal; the rows are found by the day's few pages and then sorted,
--      never by walking all keys there are
-- locks: none; a closed day does not change
-- parameters: $1 the closed day
with found as materialized (
    select t.agent_id, t.number, t.step, t.leg, t.debit, t.credit, t.amount_qepik, t.window_day, t.cutoff_group
    from transfer t
    where t.business_day = $1
)
select f.agent_id, f.number, f.step, f.leg, f.debit, f.credit, f.amount_qepik, f.window_day, f.cutoff_group
from found f
order by f.agent_id, f.number, f.step, f.leg
