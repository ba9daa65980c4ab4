-- why: the statements that were imported, newest first, with what is odd about each as it stands now
-- locks: none
-- parameters: $1 before this number · $2 of this account, or null · $3 of this file, or null · $4 how many at most
select s.statement_id, s.file_id, s.position, s.message, s.account, s.currency, s.identification, s.sequence, s.from_day, s.to_day,
    s.opening_minor, s.closing_minor, s.entries, s.difference_minor, s.intraday, s.notes, g.difference_minor as gap_minor,
    (select count(*) from statement_entry e where e.statement_id = s.statement_id and e.same_as_statement is not null)::int as repeated,
    f.name, f.imported_at
from statement s
join settlement_file f using (file_id)
left join statement_gap g using (statement_id)
where s.statement_id < $1 and ($2::text is null or s.account = $2) and ($3::bigint is null or s.file_id = $3)
order by s.statement_id desc
limit $4
