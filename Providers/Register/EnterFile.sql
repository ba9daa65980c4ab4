-- why: a register was written; a window has one, for ever
-- locks: none
-- parameters: $1 provider · $2 cut-off group · $3 bank day · $4 file name · $5 payments · $6 total (qəpik) · $7 SHA-256
insert into register_file (
    provider_id, cutoff_group, bank_day, file_name, payments, total_qepik, sha256, written_at)
values ($1, $2, $3, $4, $5, $6, $7, now())
on conflict (provider_id, cutoff_group, bank_day) do nothing
