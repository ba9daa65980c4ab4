-- why: every terminal with its point and agent, for the directory in memory
-- locks: none
-- parameters: none
select
    v.version, a.agent_id, a.parts, a.code, a.name, a.voen, p.point_id, p.code, p.name, p.address, t.terminal_id, t.code,
    t.name, a.suspended_at is not null or p.suspended_at is not null or t.suspended_at is not null, t.signed,
    t.key_generation, t.public_key, a.allowed_services, t.allowed_services, t.single_limit_qepik, t.daily_limit_qepik,
    t.shift_required, a.commission_hundredths_percent, a.subscribed, t.key_hash, t.previous_key_hash, t.previous_key_until
from directory_version v
left join terminal t on true
left join point p on p.agent_id = t.agent_id and p.point_id = t.point_id
left join agent a on a.agent_id = t.agent_id
