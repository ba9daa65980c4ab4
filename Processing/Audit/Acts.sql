-- why: the record of what people did, entry after entry, for the audit to reckon the hashes again
-- locks: none
-- parameters: $1 after this number · $2 how many
select a.number, a.at, a.who, a.what, a.subject, a.details, a.previous, a.hash
from act a
where a.number > $1
order by a.number
limit $2
