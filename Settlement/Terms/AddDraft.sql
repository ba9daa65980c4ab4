-- why: terms that change receivers' accounts, before anybody proposes them
-- locks: none
-- parameters: $1 the newest version · $2 valid from · $3 who · $4 sha-256 of the file · $5 the file · $6 the receivers it changes, JSON
with made as (
    insert into terms_draft (based_on, valid_from, made_by, sha256, body, receivers)
    values ($1, $2, $3, $4, $5, $6)
    returning draft_id
)
select m.draft_id from made m
limit 1
