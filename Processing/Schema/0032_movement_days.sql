-- why: what people deposit and correct is looked for by its days; without this every look at banks reads all movements that ever were
-- locks: movement, against writing, while its rows are read once
-- parameters: none

-- What moves between nodes is most of them, and none of it is looked for by its day.
create index movement_of_people on movement (business_day) where kind in ('top-up', 'correction');
