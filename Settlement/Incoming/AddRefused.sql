-- why: keeps that a file came and why it was refused; the same refusal of the same bytes once, however often they are given
-- locks: the new row
-- parameters: $1 kind · $2 name · $3 sha-256 · $4 bytes · $5 format · $6 source · $7 who · $8 why
insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by, refused_because)
select $1, $2, $3, $4, $5, $6, $7, $8
where not exists (select from settlement_file f where f.sha256 = $3 and f.refused_because = $8 and f.kind = $1)
returning file_id
