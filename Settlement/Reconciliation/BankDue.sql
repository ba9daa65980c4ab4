-- why: whether banks are to be looked at: statements or acquirers' reports came since the last look, or it left something open and was an hour ago, since people
--      book deposits and banks answer meanwhile. Statements are counted, not dated: one that was committed late is seen all the same
-- locks: none
-- parameters: $1 our accounts
select coalesce(
    (
        select l.statements is distinct from n.statements or (l.breaks > 0 and l.started_at < now() - interval '1 hour')
        from reconciliation l
        where l.kind = 'bank'
        order by l.reconciliation_id desc
        limit 1
    ),
    n.statements > 0)
from (
    select count(*) + (select count(*) from acquirer_in) as statements from statement s where s.account = any ($1)
) n
limit 1
