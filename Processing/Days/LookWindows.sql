-- why: whether the coming windows are those of the calendar, before anything is locked to make them so
-- locks: none
-- parameters: as PrepareWindows.sql
with open_window as (
    select w.cutoff_group, min(w.closes_at) as closes_at
    from settlement_window w
    where w.closes_at > greatest(clock_timestamp(),
        (select max(coalesce(d.dated_from, d.opened_at)) from business_day d where d.closed_at is null))
    group by w.cutoff_group
)
select exists (
    select from unnest($1::smallint[], $2::timestamptz[], $3::date[]) as n (cutoff_group, closes_at, bank_day)
    left join open_window o on o.cutoff_group = n.cutoff_group
    where (o.closes_at is null or n.closes_at > o.closes_at)
        and not exists (select from settlement_window w where w.cutoff_group = n.cutoff_group and w.bank_day = n.bank_day)
) or exists (
    select from settlement_window w
    join open_window o on o.cutoff_group = w.cutoff_group and w.closes_at > o.closes_at
    where w.bank_day = any($4::date[])
)
