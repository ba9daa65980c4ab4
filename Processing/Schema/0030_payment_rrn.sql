-- why: an acquirer's sale is looked for among payments by its retrieval reference number; without this by reading days of them
-- locks: payment, against writing, while its rows are read once
-- parameters: none

-- Only payments by card have one: what has none costs the index nothing.
create index payment_rrn on payment (rrn) where rrn is not null;
