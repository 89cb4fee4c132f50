-- One row for each member that mentoring has heard of. A leaver's row stays, closed and empty, so that whatever claims
-- the member later finds that they have left.
CREATE TABLE profile (
    member_id    uuid PRIMARY KEY,
    organisation text,
    grade        text,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    CONSTRAINT open_profiles_are_whole_and_closed_ones_empty
        CHECK (num_nulls(organisation, grade) = CASE WHEN closed_at IS NULL THEN 0 ELSE 2 END)
);
