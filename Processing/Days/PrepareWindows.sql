-- why: the coming windows are those of the calendar. The open window of each group stays as it is, whatever the calendar says by now, and
--      none is put before it: postings are in it already
-- locks: the day's advisory lock alone, taken by the statement before it in the same batch; then rows that no posting has yet
-- parameters: $1 groups · $2 closes · $3 bank days, of windows that should be, together · $4 coming days that are no bank days
with open_window as materialized (
    select w.cutoff_group, min(w.closes_at) as closes_at
    from settlement_window w
    where w.closes_at > greatest(clock_timestamp(),
        (select max(coalesce(d.dated_from, d.opened_at)) from business_day d where d.closed_at is null))
    group by w.cutoff_group
),
removed as (
    delete from settlement_window w
    using open_window o
    where o.cutoff_group = w.cutoff_group and w.closes_at > o.closes_at and w.bank_day = any($4::date[])
    returning w.bank_day
)
insert into settlement_window (cutoff_group, closes_at, bank_day)
select n.cutoff_group, n.closes_at, n.bank_day
from unnest($1::smallint[], $2::timestamptz[], $3::date[]) as n (cutoff_group, closes_at, bank_day)
left join open_window o on o.cutoff_group = n.cutoff_group
where o.closes_at is null or n.closes_at > o.closes_at
on conflict do nothing
