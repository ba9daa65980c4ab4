-- why: what a provider was asked about one payment and what it answered, for `egovpay payment show`; the last ones where there are many
-- locks: none
-- parameters: $1 agent (the part) · $2 number · $3 exchanges at most
select k.step, k.elapsed_ms, k.request, k.answer
from (
    select x.step, x.elapsed_ms, x.request, x.answer
    from exchange x
    where x.agent_id = $1 and x.number = $2
    order by x.step desc
    limit $3
) k
order by k.step
