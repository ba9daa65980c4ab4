-- why: the payer of a payment that did not happen has the cash back; it left the drawer of the terminal that says so,
--      in its open shift. Any terminal of the agent may give it back, and only one does: the same one may say it again,
--      another is told that the payer has it
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 number · $3 terminal · $4 by whom · $5 a shift is required
with here as materialized (
    select s.shift_no from shift s where s.agent_id = $1 and s.terminal_id = $3 and s.closed_at is null
),
owed as materialized (
    select r.returned_at, r.returned_terminal_id
    from cash_to_return r
    where r.agent_id = $1 and r.number = $2 and (r.returned_at is not null or (
        -- It may have been corrected since the caller looked: what was delivered after all is paid.
        select t.to_state from event v join transition t on t.edge_id = v.edge
        where v.agent_id = $1 and v.number = $2 order by v.step desc limit 1) <> 'Confirmed')
),
returned as (
    update cash_to_return r
    set returned_at = clock_timestamp(), returned_by = $4, returned_terminal_id = $3,
        returned_shift_no = (select h.shift_no from here h)
    where r.agent_id = $1 and r.number = $2 and r.returned_at is null and exists (select from owed)
        and (not $5 or exists (select from here))
    returning r.number
)
select exists (select from owed),
    exists (select from owed o where o.returned_at is not null and o.returned_terminal_id = $3)
        or exists (select from returned),
    exists (select from owed o where o.returned_at is not null and o.returned_terminal_id is distinct from $3)
