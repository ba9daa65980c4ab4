-- why: a closed day's totals by account; they and the open day's transfers are every balance but funds
-- locks: none; a closed day does not change
-- parameters: $1 the closed day
with totals as (
    insert into day_total (agent_id, business_day, account, debits_qepik, credits_qepik, transfers)
    select s.agent_id, $1, s.account, sum(s.debit)::bigint, sum(s.credit)::bigint, count(s.account)
    from (
        select t.agent_id, t.debit as account, t.amount_qepik as debit, 0::bigint as credit
        from transfer t where t.business_day = $1
        union all
        select t.agent_id, t.credit, 0, t.amount_qepik
        from transfer t where t.business_day = $1
    ) s
    group by s.agent_id, s.account
    on conflict (business_day, agent_id, account) do nothing
)
update business_day set totalled_at = clock_timestamp()
where day = $1 and closed_at is not null and totalled_at is null
