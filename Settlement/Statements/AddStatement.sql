-- why: writes a statement after its entries, when its balances are known
-- locks: the new row
-- parameters: $1 number, taken before · $2 file · $3 position · $4 message · $5 account · $6 currency · $7 identification · $8 sequence
--             $9 from · $10 to · $11 opening · $12 closing · $13 entries · $14 difference · $15 intraday · $16 notes
insert into statement (
    statement_id, file_id, position, message, account, currency, identification, sequence, from_day, to_day, opening_minor, closing_minor,
    entries, difference_minor, intraday, notes)
overriding system value
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
