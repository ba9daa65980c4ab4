-- why: writes what a register is about and what it makes, after its lines
-- locks: the new row
-- parameters: $1 file · $2 provider · $3 day · $4 lines · $5 sum · $6 lines as it says · $7 sum as it says
insert into register_in (file_id, provider_id, day, lines, total_qepik, said_lines, said_total_qepik)
values ($1, $2, $3, $4, $5, $6, $7)
