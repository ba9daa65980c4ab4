-- why: a file that could not be read, and why; it may be given again
-- locks: none
-- parameters: $1 name · $2 SHA-256 · $3 bytes · $4 source · $5 who · $6 line and reason
insert into settlement_file (kind, name, sha256, bytes, source, imported_by, refused_because)
values ('payment-status', $1, $2, $3, $4, $5, $6)
