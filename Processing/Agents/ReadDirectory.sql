-- why: every terminal with its point and agent, for the directory in memory
-- locks: none
-- parameters: none
select
    v.version, a.agent_id, a.parts, a.code, a.name, a.voen, p.point_id, p.code, p.name, p.address, t.terminal_id, t.code,
    t.name, a.suspended_at is not null or p.suspended_at is not null or t.suspended_at is not null, t.signed,
    t.key_generation, t.public_key, a.allowed_services, t.allowed_services, t.single_limit_qepik, t.daily_limit_qepik,
    t.shift_required, a.commission_hundredths_percent, a.subscribed, t.key_hash, t.previous_key_hash, t.previous_key_until,
    c.valid_from, c.percent
from directory_version v
left join terminal t on true
left join point p on p.agent_id = t.agent_id and p.point_id = t.point_id
left join agent a on a.agent_id = t.agent_id
left join lateral (
    select array_agg(r.valid_from order by r.valid_from) as valid_from, array_agg(r.hundredths_percent order by r.valid_from) as percent
    from (
        select distinct on (k.valid_from) k.valid_from, k.hundredths_percent
        from agent_commission k
        where k.agent_id = a.agent_id
        order by k.valid_from, k.set_at desc
    ) r
) c on true
