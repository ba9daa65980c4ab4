-- why: the versions of the settlement terms, newest first, without their documents
-- locks: none
-- parameters: $1 how many
select s.version, s.valid_from, s.applied_at, s.applied_by, s.sha256, s.approved_by
from settlement_terms s
order by s.version desc
limit $1
