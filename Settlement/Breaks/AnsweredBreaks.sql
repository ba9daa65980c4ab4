-- why: what receivers refused of registers and banks of payouts, where no break says so yet
-- locks: none
-- parameters: $1 how many at most
select 'acknowledgement' as side, case when t.agent_id is null then 'Unidentified' else 'RejectedLine' end as kind,
    f.file_name || '/' || r.number as subject, r.provider_id, t.agent_id, r.number,
    null::bigint as payout_id, r.bank_day as day, coalesce(t.amount_qepik, 0),
    json_build_object('number', r.number::text, 'amountQepik', t.amount_qepik, 'register', f.file_name)::text as ours,
    json_build_object('reason', r.reason)::text as theirs,
    case when t.agent_id is null then 'rejected-not-sent' else 'line-rejected' end as cause,
    case when t.agent_id is null then 'ask-receiver' else 'correct-line' end as step
from register_rejection r
join register_file f on f.provider_id = r.provider_id and f.cutoff_group = r.cutoff_group and f.bank_day = r.bank_day
left join lateral (
    select x.agent_id, x.amount_qepik from transfer x
    where x.cutoff_group = r.cutoff_group and x.window_day = r.bank_day and x.number = r.number and x.leg = 1
        and x.credit = 1000 + r.provider_id
    limit 1
) t on true
where not exists (
    select from settlement_break b
    where b.side = 'acknowledgement' and b.kind in ('RejectedLine', 'Unidentified') and b.subject = f.file_name || '/' || r.number)
union all
select 'payout', 'PayoutRejected', o.end_to_end_id, o.provider_id, null, null, o.payout_id, o.execution_day, o.amount_qepik,
    json_build_object('payout', o.payout_id, 'amountQepik', o.amount_qepik, 'endToEndId', o.end_to_end_id)::text,
    json_build_object('code', s.code, 'reason', s.reason)::text,
    case when o.returned_at is null then 'payout-contradicted' else 'payout-rejected' end,
    case when o.returned_at is null then 'ask-bank' else 'pay-again' end
from payout o
cross join lateral (
    select x.code, x.reason from payout_status x
    where x.payout_id = o.payout_id and x.verdict = 'rejected' and x.source <> 'terms'
    order by x.payout_status_id
    limit 1
) s
where (o.returned_at is not null
        or exists (select from payout_status x where x.payout_id = o.payout_id and x.verdict = 'settled'))
    and not exists (
        select from settlement_break b where b.side = 'payout' and b.kind = 'PayoutRejected' and b.subject = o.end_to_end_id)
union all
-- Refused, put back, and called settled by the bank after all: it is in the next payout, and may be paid twice.
select 'payout', 'PayoutRejected', o.end_to_end_id || '/settled', o.provider_id, null, null, o.payout_id, o.execution_day, o.amount_qepik,
    json_build_object('payout', o.payout_id, 'amountQepik', o.amount_qepik, 'endToEndId', o.end_to_end_id)::text,
    json_build_object('code', s.code, 'reason', s.reason)::text, 'payout-settled-after-all', 'ask-bank'
from payout o
cross join lateral (
    select x.payout_status_id, x.code, x.reason from payout_status x
    where x.payout_id = o.payout_id and x.verdict = 'settled' and x.source = 'pain.002'
    order by x.payout_status_id desc
    limit 1
) s
where o.returned_at is not null
    -- What a statement shows answers it: paid, and then there is a break of that booking, or given back.
    and not exists (select from payout_status x where x.payout_id = o.payout_id and x.source = 'statement' and x.verdict = 'rejected')
    and not exists (select from settlement_break b where b.payout_id = o.payout_id and b.side = 'bank' and b.cause = 'bank-paid-refused')
    and exists (
        select from payout_status x
        where x.payout_id = o.payout_id and x.verdict = 'rejected' and x.payout_status_id < s.payout_status_id)
    and not exists (
        select from settlement_break b
        where b.side = 'payout' and b.kind = 'PayoutRejected' and b.subject = o.end_to_end_id || '/settled')
union all
-- Refused because the bank has it already: whether that one was carried out, people ask, until the bank or a statement says so.
select 'payout', 'PayoutRejected', o.end_to_end_id || '/repeated', o.provider_id, null, null, o.payout_id, o.execution_day, o.amount_qepik,
    json_build_object('payout', o.payout_id, 'amountQepik', o.amount_qepik, 'endToEndId', o.end_to_end_id)::text,
    json_build_object('code', s.code, 'reason', s.reason)::text, 'payout-repeated', 'ask-first-upload'
from payout o
cross join lateral (
    select x.payout_status_id, x.code, x.reason from payout_status x
    where x.payout_id = o.payout_id and x.verdict = 'repeated'
    order by x.payout_status_id desc
    limit 1
) s
where o.returned_at is null
    and not exists (
        select from payout_status x
        where x.payout_id = o.payout_id and x.verdict = 'settled' and (x.source = 'statement' or x.payout_status_id > s.payout_status_id))
    and not exists (
        select from settlement_break b
        where b.side = 'payout' and b.kind = 'PayoutRejected' and b.subject = o.end_to_end_id || '/repeated')
order by side, subject
limit $1
