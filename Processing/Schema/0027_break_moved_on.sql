-- why: whether a break is still what a proposal was made about is asked in several places, and is one question
-- locks: none
-- parameters: none

-- A break that is gone, came back, or says something else is another question than the one that somebody answered. The first three are the
-- break's, the others the proposal's; a program that did not say which evidence it saw is judged by time.
create function break_moved_on(
    settled_at timestamptz, evidence int, reopened_at timestamptz, proposed_evidence int, made_at timestamptz) returns boolean
language sql immutable as $$
    select coalesce(settled_at is not null or evidence <> proposed_evidence or (proposed_evidence is null and reopened_at > made_at), false)
$$;
