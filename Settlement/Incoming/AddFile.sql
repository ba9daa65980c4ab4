-- why: writes the row of a file that was imported, under the number that its rows carry; last, when it is known how it ended
-- locks: the new row; its hash is held by the caller's advisory lock, and unique among what was read about the same
-- parameters: $1 kind · $2 name · $3 sha-256 · $4 bytes · $5 format · $6 source · $7 who · $8 number · $9 what it is about
--      $10 when it came, or null: now
insert into settlement_file (file_id, kind, name, sha256, bytes, format, source, imported_by, about, imported_at)
overriding system value
values ($8, $1, $2, $3, $4, $5, $6, $7, $9, coalesce($10, clock_timestamp()))
