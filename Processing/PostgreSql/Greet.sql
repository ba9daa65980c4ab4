-- why: the first statement of each connection: which primary is this, and a write that waits for its standbys. What can be read
--      after it was confirmed by one of them, for the log is in one order. On a standby it only says so.
-- locks: none
-- parameters: none
select c.system_identifier,
    case when not r.standby then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
    case when not r.standby then pg_logical_emit_message(true, 'egovpay', '') end as written
from pg_control_system() c
cross join (select pg_is_in_recovery() as standby) r
