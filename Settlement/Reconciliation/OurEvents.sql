-- why: what has happened to payments since a day began, for those of the day; the first event of each says nothing
-- locks: none
-- parameters: settings of the transaction: egovpay.from, the day's beginning · egovpay.parts and egovpay.part: every so manieth number
select e.number, e.step, e.edge
from event e
where e.at >= (select current_setting('egovpay.from')::timestamptz - interval '1 hour') and e.step > 0
    and e.number % (select current_setting('egovpay.parts')::bigint) = (select current_setting('egovpay.part')::bigint)
