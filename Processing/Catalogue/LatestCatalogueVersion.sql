-- why: the poll of a node that follows the catalogue; the body is read only when this figure has grown
-- locks: none
-- parameters: none
select coalesce(max(version), 0)
from catalogue_version
