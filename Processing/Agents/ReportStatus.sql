-- why: a terminal's heartbeat, and what an operator wants it to do; a command that it says is done is taken back
-- locks: the terminal's one row
-- parameters: $1 agent · $2 terminal · $3 status as told · $4 commands that are done
insert into terminal_status (agent_id, terminal_id, at, status) values ($1, $2, clock_timestamp(), $3)
on conflict (agent_id, terminal_id) do update
set at = excluded.at, status = excluded.status,
    command = case when terminal_status.command = any ($4) then null else terminal_status.command end
returning at, command
