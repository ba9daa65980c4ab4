-- why: the receipt numbers that a part of an agent's payments took from its lane's series
-- locks: none
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut
select v.number, v.business_day, v.receipt_counter
from event v
where v.agent_id = $1 and v.number > $2 and v.number <= $3 and v.receipt_counter is not null
    and v.business_day is not null and v.at <= $4
