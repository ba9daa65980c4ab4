-- why: tellers' shifts, the cash that a teller owes a payer, and what a shift adds up to, said once: the open shift is looked at by
--      it, and a closed one keeps what it said
-- locks: new tables; none that anyone waits for
-- parameters: none

create table shift (
    agent_id int not null,
    terminal_id int not null,
    shift_no int not null,
    cashier text not null,
    float_qepik bigint not null check (float_qepik >= 0),
    opened_at timestamptz not null,
    closed_at timestamptz,
    counted_cash_qepik bigint check (counted_cash_qepik >= 0),
    -- what the figures were when it was closed; they never change, whatever becomes of its payments
    z_report text,
    -- who opened and who closed it, so that a command that is executed again knows its own first execution
    opening uuid not null,
    closing uuid,
    primary key (agent_id, terminal_id, shift_no),
    check ((closed_at is null) = (z_report is null))
);

create unique index shift_open on shift (agent_id, terminal_id) where closed_at is null;

-- Cash that a teller owes a payer: the payment turned Declined or Reversed after its first answer.
create table cash_to_return (
    agent_id int not null,
    number bigint not null,
    terminal_id int not null,
    since timestamptz not null,
    returned_at timestamptz,
    returned_by text,
    -- out of whose drawer it went: any terminal of the agent may give it back
    returned_terminal_id int,
    returned_shift_no int,
    primary key (agent_id, number)
);

create index cash_to_return_open on cash_to_return (agent_id, terminal_id) where returned_at is null;
create index cash_to_return_shift on cash_to_return (agent_id, returned_terminal_id, returned_shift_no)
    where returned_shift_no is not null;

-- The figures of a shift as they stand now. Cash that is expected in the drawer = the float, and what was taken in this shift: for
-- what is confirmed or not final, and for what turned out otherwise later (a row of cash_to_return, which is made for exactly that);
-- less what was given back out of this drawer in this shift, whenever it had been taken. What a correction of a refused payment made
-- confirmed was given back when it was refused: it is not in the drawer.
create function shift_figures(the_agent int, the_terminal int, the_shift int) returns json
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
            where r.agent_id = the_agent and r.terminal_id = the_terminal and r.returned_at is null), '[]'))
$$;
