-- why: two people apply two files at once: the second is judged against the first one's catalogue, not beside it
-- locks: the advisory lock of the catalogue, until the end of the transaction (0x6361746C = "catl")
-- parameters: none
select pg_advisory_xact_lock(1667331180)
