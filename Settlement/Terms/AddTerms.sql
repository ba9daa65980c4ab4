-- why: adds a version of the settlement terms; two at once do not take the same number, the second is refused by the key
-- locks: the new row
-- parameters: $1 version · $2 valid from · $3 who · $4 sha-256 of the file · $5 the file
insert into settlement_terms (version, valid_from, applied_by, sha256, body)
values ($1, $2, $3, $4, $5)
on conflict do nothing
