-- why: our payments of a provider's day, whatever became of them; copied out, so what they are narrowed to stands in settings. Each is
--      read once, by a query of its own: asked for by name it would be read again for each row
-- locks: none
-- parameters: settings of the transaction: egovpay.provider · egovpay.from and egovpay.to, the day's ends · egovpay.parts and
--      egovpay.part: every so manieth number
select p.number, p.agent_id, p.amount_qepik, p.account
from payment p
where p.provider_id = (select current_setting('egovpay.provider')::int)
    and p.accepted_at >= (select current_setting('egovpay.from')::timestamptz)
    and p.accepted_at < (select current_setting('egovpay.to')::timestamptz)
    and p.number % (select current_setting('egovpay.parts')::bigint) = (select current_setting('egovpay.part')::bigint)
