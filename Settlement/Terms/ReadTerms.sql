-- why: the versions of the settlement terms; of old ones only those that later ones have not taken over still say something
-- locks: none
-- parameters: none
select s.version, s.valid_from, s.sha256, s.body
from settlement_terms s
order by s.version desc
limit 100
