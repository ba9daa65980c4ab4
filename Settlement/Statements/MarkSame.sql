-- why: finds the bookings of one statement that another statement has brought before, and marks each as the same as that one, so that it
--      counts once. The first of several alike is the same as the first of several alike there, the second as the second: two equal
--      payments in one statement are two. A booking that is taken by one of this statement is not taken again
-- locks: the statement's entries, which nobody else sees yet; the caller holds the lock of all marking
-- parameters: $1 statement · $2 its account, in all spellings · $3 $4 first and last day of its bookings
--             $5 how: 1 by the bank's reference, 2 by the payer's, 3 by all that is said, 4 by amount and days
--             alone, of a day's last word against what was said during it
--             $6 whether those of this statement have a bank's reference, with which the other may then have none (2, 3, 4)
with mine as (
    select e.entry_no, e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day) as day, e.end_to_end_id, k.key, s.intraday,
        s.opening_minor, s.closing_minor,
        row_number() over (partition by e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day), k.key order by e.entry_no) as nth
    from statement_entry e
    join statement s using (statement_id)
    cross join lateral (
        select case $5::int
            when 1 then e.bank_reference
            when 2 then e.end_to_end_id
            when 3 then row (e.value_day, e.own_reference, e.end_to_end_id, e.counterparty_account, e.counterparty_name, e.remittance,
                e.info)::text
            else '' end as key
    ) k
    where e.statement_id = $1 and e.status = 'booked' and e.same_as_statement is null and k.key is not null
        and ($5::int = 1 or (e.bank_reference is not null) = $6::boolean)
), theirs as (
    select e.statement_id, e.entry_no, e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day) as day, e.end_to_end_id, k.key,
        s.intraday,
        row_number() over (
            partition by e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day), k.key order by e.statement_id, e.entry_no) as nth
    from statement_entry e
    join statement s using (statement_id)
    join statement o on o.statement_id = $1
    cross join lateral (
        select case $5::int
            when 1 then e.bank_reference
            when 2 then e.end_to_end_id
            when 3 then row (e.value_day, e.own_reference, e.end_to_end_id, e.counterparty_account, e.counterparty_name, e.remittance,
                e.info)::text
            else '' end as key
    ) k
    where e.account = any ($2) and coalesce(e.booking_day, e.value_day) between $3 and $4 and e.statement_id <> $1
        and e.status = 'booked' and e.same_as_statement is null and k.key is not null
        and ($5::int = 1 or not $6::boolean or e.bank_reference is null)
        and ($5::int < 4 or s.intraday <> o.intraday)
        -- One that begins where the other ended brings what came after it, however alike it looks: the reference of a fee may be one for all.
        and (s.intraday or o.intraday or s.opening_minor is null or o.opening_minor is null
            or s.closing_minor is null or o.closing_minor is null or s.opening_minor = s.closing_minor or o.opening_minor = o.closing_minor
            or (s.closing_minor <> o.opening_minor and o.closing_minor <> s.opening_minor))
        and not exists (
            select from statement_entry x
            where x.statement_id = $1 and x.same_as_statement = e.statement_id and x.same_as_entry = e.entry_no
        )
)
update statement_entry e
set same_as_statement = t.statement_id, same_as_entry = t.entry_no
from mine m
join theirs t on t.amount_minor = m.amount_minor and t.currency is not distinct from m.currency and t.day = m.day and t.key = m.key
    and t.nth = m.nth
where e.statement_id = $1 and e.entry_no = m.entry_no
    and ($5::int < 4 or t.end_to_end_id is null or m.end_to_end_id is null or t.end_to_end_id = m.end_to_end_id)
