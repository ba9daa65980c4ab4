-- why: a page of the record of what people did, newest first
-- locks: none
-- parameters: $1 before this number · $2 a subject, or null for all · $3 how many
select a.number, a.at, a.who, a.what, a.subject, a.details, a.previous, a.hash
from act a
where a.number < $1 and ($2::text is null or a.subject = $2)
order by a.number desc
limit $3
