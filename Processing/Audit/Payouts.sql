-- why: each payout is the money of its windows, as the ledger has it, in one living payout; it is posted as two people approved it, told to a
--      bank after that and in one file, and put back whole where the bank refused it
-- locks: none; one snapshot
-- parameters: none
with living as materialized (
    select o.payout_id, o.provider_id, o.amount_qepik, o.returned_at, o.dropped_at,
        exists (select from proposal p where p.payout_id = o.payout_id and p.state in ('approved', 'done')) as approved,
        exists (select from proposal p where p.payout_id = o.payout_id and p.state = 'done') as done
    from payout o
),
posted as materialized (
    select m.reference, m.kind, m.agent_id, case when m.credit = 6 then m.amount_qepik else -m.amount_qepik end as amount_qepik
    from movement m
    where m.kind in ('payout', 'payout-returned') and m.reference like 'payout.%'
),
due as materialized (
    select y.payout_id, 'payout.' || y.payout_id as reference, y.agent_id, y.amount_qepik
    from payout_agent y
),
owed_to as materialized (
    select s.account - 1000 as provider_id, t.cutoff_group, t.window_day as bank_day, coalesce(q.budget_level, c.budget_level, '') as budget_level,
        coalesce(q.budget_code, c.budget_code, '') as budget_code, t.agent_id, sum(s.amount_qepik)::bigint as amount_qepik
    from (select x.cutoff_group, x.bank_day from payout_part x union select r.cutoff_group, r.bank_day from window_reckoned r) w
    join transfer t on t.cutoff_group = w.cutoff_group and t.window_day = w.bank_day
    cross join lateral (values (t.debit, -t.amount_qepik), (t.credit, t.amount_qepik)) as s (account, amount_qepik)
    left join payment q on q.agent_id = t.agent_id and q.number = t.number
    left join lateral (
        select v.budget_level, v.budget_code
        from movement_budget v
        where q.number is null and v.agent_id = t.agent_id and v.number = t.number and v.provider_id = s.account - 1000
        limit 1
    ) c on true
    where s.account > 1000 and 6 not in (t.debit, t.credit)
    group by s.account, t.cutoff_group, t.window_day, coalesce(q.budget_level, c.budget_level, ''),
        coalesce(q.budget_code, c.budget_code, ''), t.agent_id
),
owed as materialized (
    select o.provider_id, o.cutoff_group, o.bank_day, o.budget_level, o.budget_code, sum(o.amount_qepik)::bigint as amount_qepik
    from owed_to o
    group by o.provider_id, o.cutoff_group, o.bank_day, o.budget_level, o.budget_code
),
fault (payout_id, what) as (
    select min(x.payout_id), format('its window C%s of %s is in %s living payouts', x.cutoff_group, x.bank_day, count(x.payout_id))
    from payout_part x
    where x.released_at is null
    group by x.provider_id, x.cutoff_group, x.bank_day, x.budget_level, x.budget_code
    having count(x.payout_id) > 1
    union all
    select l.payout_id, 'its windows are not its amount'
    from living l
    where l.amount_qepik is distinct from (select sum(x.amount_qepik) from payout_part x where x.payout_id = l.payout_id)
    union all
    select l.payout_id, 'its agents are not its amount'
    from living l
    where l.amount_qepik is distinct from (select sum(d.amount_qepik) from due d where d.payout_id = l.payout_id)
    union all
    select x.payout_id, format('the ledger has %s qəpik for window C%s of %s, and it pays %s', coalesce(w.amount_qepik, 0), x.cutoff_group,
        x.bank_day, x.amount_qepik)
    from payout_part x
    left join owed w on w.provider_id = x.provider_id and w.cutoff_group = x.cutoff_group and w.bank_day = x.bank_day
        and w.budget_level = x.budget_level and w.budget_code = x.budget_code
    where coalesce(w.amount_qepik, 0) <> x.amount_qepik
    union all
    select 0, format('agent %s: the ledger has %s qəpik for provider %s in window C%s of %s, and %s is reckoned', coalesce(e.agent_id, r.agent_id),
        coalesce(e.amount_qepik, 0), coalesce(e.provider_id, r.provider_id), coalesce(e.cutoff_group, r.cutoff_group),
        coalesce(e.bank_day, r.bank_day), coalesce(r.owed_qepik, 0))
    from (
        select o.provider_id, o.cutoff_group, o.bank_day, o.budget_level, o.budget_code, o.agent_id, o.amount_qepik
        from owed_to o
        join window_reckoned k on k.cutoff_group = o.cutoff_group and k.bank_day = o.bank_day
    ) e
    full join window_owed r on r.provider_id = e.provider_id and r.cutoff_group = e.cutoff_group and r.bank_day = e.bank_day
        and r.budget_level = e.budget_level and r.budget_code = e.budget_code and r.agent_id = e.agent_id
    where coalesce(e.amount_qepik, 0) <> coalesce(r.owed_qepik, 0)
    union all
    select l.payout_id, 'it is approved and done, and what is posted for it is not what its agents are owed'
    from living l
    where l.done and exists (
        select d.agent_id, d.amount_qepik from due d where d.payout_id = l.payout_id
        except
        select p.agent_id, p.amount_qepik from posted p where p.kind = 'payout' and p.reference = 'payout.' || l.payout_id)
    union all
    select l.payout_id, 'something is posted for it that none of its agents is owed, or nobody approved it'
    from living l
    where exists (
        select p.agent_id, p.amount_qepik from posted p where p.kind = 'payout' and p.reference = 'payout.' || l.payout_id and l.approved
        except
        select d.agent_id, d.amount_qepik from due d where d.payout_id = l.payout_id)
        or (not l.approved and exists (select from posted p where p.kind = 'payout' and p.reference = 'payout.' || l.payout_id))
    union all
    select f.payout_id, 'a bank was told of it, and it is not approved'
    from payout_in_file f
    join living l on l.payout_id = f.payout_id
    where not l.done or l.dropped_at is not null
    union all
    select min(f.payout_id), format('file %s is not the sum of its payouts, or not the bytes that were made', b.message_id)
    from payout_file b
    join payout_in_file f on f.payout_file_id = b.payout_file_id
    join living l on l.payout_id = f.payout_id
    group by b.payout_file_id, b.message_id, b.total_qepik, b.payouts, b.sha256, b.body
    having b.total_qepik <> sum(l.amount_qepik) or b.payouts <> count(f.payout_id) or b.sha256 <> sha256(b.body)
    union all
    select l.payout_id, 'it is ended and holds a window, or lives and holds none of some window'
    from living l
    where exists (
        select from payout_part x
        where x.payout_id = l.payout_id and (x.released_at is null) <> (l.returned_at is null and l.dropped_at is null))
    union all
    select l.payout_id, 'it was dropped although it is approved'
    from living l
    where l.dropped_at is not null and l.approved
    union all
    select l.payout_id, 'it was returned, and what was put back is not what was taken'
    from living l
    where l.returned_at is not null and exists (
        select d.agent_id, d.amount_qepik from due d where d.payout_id = l.payout_id
        except
        select p.agent_id, -p.amount_qepik from posted p where p.kind = 'payout-returned' and p.reference = 'payout.' || l.payout_id)
    union all
    select l.payout_id, 'money of it was put back, and no bank refused it'
    from living l
    where exists (select from posted p where p.kind = 'payout-returned' and p.reference = 'payout.' || l.payout_id)
        and not exists (select from payout_status s where s.payout_id = l.payout_id and s.verdict = 'rejected')
)
select f.payout_id, f.what, (select count(l.payout_id) from living l) as payouts
from (select 1) one
left join fault f on true
order by f.payout_id, f.what
limit 1000
