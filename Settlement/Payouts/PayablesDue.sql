-- why: what is owed for windows that are closed and in no living payout, by receiver, window and agent. Windows are reckoned once, when they are
--      closed, and lines that are paid are marked: however many years there are, what is read is what is not paid
-- locks: none
-- parameters: $1 windows up to this bank day, or null for all · $2 providers, or null for all · $3 how many rows at most
select o.provider_id, o.budget_level, o.budget_code, o.cutoff_group, o.bank_day, o.agent_id, o.owed_qepik
from window_line l
join window_owed o on o.provider_id = l.provider_id and o.cutoff_group = l.cutoff_group and o.bank_day = l.bank_day
    and o.budget_level = l.budget_level and o.budget_code = l.budget_code
where not l.paid and ($1::date is null or l.bank_day <= $1) and ($2::int[] is null or l.provider_id = any($2))
    and not exists (
        select from payout_part x
        where x.provider_id = l.provider_id and x.cutoff_group = l.cutoff_group and x.bank_day = l.bank_day
            and x.budget_level = l.budget_level and x.budget_code = l.budget_code and x.released_at is null)
order by o.provider_id, o.budget_level, o.budget_code, o.bank_day, o.cutoff_group, o.agent_id
limit $3
