-- why: puts a version in force; the notification reaches the nodes at the commit, and not if there is none
-- locks: the new row; run under LockCatalogue.sql
-- parameters: $1 version (int), $2 sha-256 of the file (bytea), $3 the file (text)
with added as (
    insert into catalogue_version (version, sha256, body)
    values ($1, $2, $3)
    returning version
)
select pg_notify('egovpay_catalogue', version::text)
from added
