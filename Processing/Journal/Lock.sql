-- why: make this transaction the only writer of these agents, in a day that cannot close meanwhile
-- locks: the day, shared; then the lanes, ascending: no deadlock on any number of nodes
-- parameters: $1 lanes, ascending
select count(l.held) from (
    select pg_advisory_xact_lock_shared(7301, 0)::text as held
    union all
    select pg_advisory_xact_lock(7302, lane)::text from unnest($1::int[]) as lane
) l
