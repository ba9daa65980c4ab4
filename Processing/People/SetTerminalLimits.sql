-- why: an approved change of a terminal's limits, once, with the end of its proposal; the nodes read their directory again
-- locks: the proposal's row, the directory's version, the terminal's row
-- parameters: $1 proposal
with done as (
    update proposal p
    set state = 'done', ended_at = clock_timestamp()
    where p.proposal_id = $1 and p.kind = 'terminal-limits' and p.state = 'approved'
    returning p.agent_id, p.terminal_id, p.single_limit_qepik, p.daily_limit_qepik
),
raised as (
    update directory_version v set version = v.version + 1 from done d
)
update terminal t
set single_limit_qepik = d.single_limit_qepik, daily_limit_qepik = d.daily_limit_qepik
from done d
where t.agent_id = d.agent_id and t.terminal_id = d.terminal_id
