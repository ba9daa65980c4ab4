-- why: every account that a statement is of, as its bank writes it, found by stepping through the index and not through the statements
-- locks: none
-- parameters: none
with recursive step as (
    (select s.account from statement s order by s.account limit 1)
    union all
    select (select s.account from statement s where s.account > step.account order by s.account limit 1)
    from step
    where step.account is not null
)
select account
from step
where account is not null
limit 100000
