-- One row for each member that the service has heard of. A leaver's row stays, empty, so that whatever claims the
-- member later finds that they have left.
CREATE TABLE invitee (
    member_id    uuid PRIMARY KEY,
    organisation text,
    grade_band   text,
    since        date,
    left_at      timestamptz,
    CONSTRAINT those_present_are_whole_and_leavers_empty
        CHECK (CASE WHEN left_at IS NULL THEN num_nulls(organisation, grade_band) = 0
                    ELSE num_nonnulls(organisation, grade_band, since) = 0 END)
);
