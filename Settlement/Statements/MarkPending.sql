-- why: shows for what was announced as pending, before or now, which booking it became. Nothing is counted by it: pending never counts
-- locks: the pending entries; the caller holds the lock of all marking
-- parameters: $1 its account, in all spellings · $2 $3 first and last day
--             $4 how: 1 by the bank's reference, 2 by the payer's, 3 by amount and days alone
with announced as (
    select e.statement_id, e.entry_no, e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day) as day, e.bank_reference,
        e.end_to_end_id, k.key,
        row_number() over (
            partition by e.statement_id, e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day), k.key order by e.entry_no) as nth
    from statement_entry e
    cross join lateral (select case $4::int when 1 then e.bank_reference when 2 then e.end_to_end_id else '' end as key) k
    where e.account = any ($1) and coalesce(e.booking_day, e.value_day) between $2 and $3 and e.status = 'pending'
        and e.same_as_statement is null and k.key is not null
), booked as (
    select e.statement_id, e.entry_no, e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day) as day, e.bank_reference,
        e.end_to_end_id, k.key,
        row_number() over (
            partition by e.amount_minor, e.currency, coalesce(e.booking_day, e.value_day), k.key order by e.statement_id, e.entry_no) as nth
    from statement_entry e
    cross join lateral (select case $4::int when 1 then e.bank_reference when 2 then e.end_to_end_id else '' end as key) k
    where e.account = any ($1) and coalesce(e.booking_day, e.value_day) between $2 and $3 and e.status = 'booked'
        and e.same_as_statement is null and k.key is not null
)
update statement_entry e
set same_as_statement = b.statement_id, same_as_entry = b.entry_no
from announced a
join booked b on b.amount_minor = a.amount_minor and b.currency is not distinct from a.currency and b.day = a.day and b.key = a.key
    and b.nth = a.nth and b.statement_id <> a.statement_id
where e.statement_id = a.statement_id and e.entry_no = a.entry_no
    and ($4::int = 1 or a.bank_reference is null or b.bank_reference is null)
    and ($4::int < 3 or a.end_to_end_id is null or b.end_to_end_id is null or a.end_to_end_id = b.end_to_end_id)
