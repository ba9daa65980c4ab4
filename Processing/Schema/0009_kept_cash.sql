-- why: cash that a teller owed is not to be returned once a correction shows that the payment was delivered after all. The row stays:
--      the cash is in the drawer because of it, or was given back, and it is owed again if a second correction takes the first back
-- locks: the function, for a moment
-- parameters: none
create or replace function shift_figures(the_agent int, the_terminal int, the_shift int) returns json
language sql stable as $$
    with mine as materialized (
        select p.number, p.reference, p.service_code, p.tender, p.amount_qepik, p.fee_qepik, t.to_state, t.final,
            r.number is not null or ((t.to_state = 'Confirmed' or not t.final) and not exists (
                select from event c where c.agent_id = p.agent_id and c.number = p.number and c.edge between 24 and 26)) as taken
        from payment p
        cross join lateral (
            select v.edge from event v where v.agent_id = p.agent_id and v.number = p.number
            order by v.step desc limit 1
        ) e
        join transition t on t.edge_id = e.edge
        left join cash_to_return r on r.agent_id = p.agent_id and r.number = p.number
        where p.agent_id = the_agent and p.terminal_id = the_terminal and p.shift_no = the_shift
    ),
    given_back as (
        select coalesce(sum(p.amount_qepik + p.fee_qepik), 0) as qepik
        from cash_to_return r
        join payment p on p.agent_id = r.agent_id and p.number = r.number
        where r.agent_id = the_agent and r.returned_terminal_id = the_terminal and r.returned_shift_no = the_shift
    ),
    totals as (
        select m.service_code, m.tender, count(m.number) as payments, sum(m.amount_qepik) as amount, sum(m.fee_qepik) as fee
        from mine m
        where m.to_state = 'Confirmed' or not m.final
        group by m.service_code, m.tender
    )
    select json_build_object(
        'totals', coalesce((
            select json_agg(json_build_object(
                'service', t.service_code::text,
                'tender', case t.tender when 0 then 'cash' when 1 then 'card' else 'account' end,
                'count', t.payments, 'amountQepik', t.amount, 'feeQepik', t.fee) order by t.service_code, t.tender)
            from totals t), '[]'),
        'reversed', (
            select json_build_object('count', count(m.number), 'totalQepik', coalesce(sum(m.amount_qepik + m.fee_qepik), 0))
            from mine m where m.to_state = 'Reversed'),
        'expectedCashQepik', (
            select s.float_qepik
                + coalesce((select sum(m.amount_qepik + m.fee_qepik) from mine m where m.tender = 0 and m.taken), 0) - g.qepik
            from shift s cross join given_back g
            where s.agent_id = the_agent and s.terminal_id = the_terminal and s.shift_no = the_shift),
        'notFinal', coalesce((select json_agg(m.reference order by m.number) from mine m where not m.final), '[]'),
        'toReturn', coalesce((
            select json_agg(p.reference order by p.number)
            from cash_to_return r
            join payment p on p.agent_id = r.agent_id and p.number = r.number
            where r.agent_id = the_agent and r.terminal_id = the_terminal and r.returned_at is null
                and (select t.to_state from event v join transition t on t.edge_id = v.edge
                    where v.agent_id = r.agent_id and v.number = r.number
                    order by v.step desc limit 1) <> 'Confirmed'), '[]'))
$$;
