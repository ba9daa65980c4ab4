-- why: the lines of a register, as they were read from its file
-- locks: none
-- parameters: settings of the transaction: egovpay.file · egovpay.parts and egovpay.part: every so manieth number, and in the first
--      part those without one
select l.line, l.amount_qepik, l.currency, l.account, l.day, l.reversal, l.txn, l.provider_transaction
from register_in_line l
where l.file_id = (select current_setting('egovpay.file')::bigint)
    and coalesce(l.number, 0) % (select current_setting('egovpay.parts')::bigint)
        = (select current_setting('egovpay.part')::bigint)
