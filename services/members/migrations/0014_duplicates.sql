-- One person twice: who was ended for whom, by which account. Whoever is erased is in neither place any more.
CREATE TABLE member_merger (
    ended_id     uuid PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    surviving_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    merged_at    timestamptz NOT NULL,
    merged_by    uuid NOT NULL            -- an account
);
CREATE INDEX member_merger_surviving ON member_merger (surviving_id);

-- Two members who look like one person and are two: the team said so, and is not asked again.
CREATE TABLE two_people (
    first_id   uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    second_id  uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    decided_at timestamptz NOT NULL,
    decided_by uuid NOT NULL,             -- an account
    PRIMARY KEY (first_id, second_id),
    CHECK (first_id < second_id)
);
CREATE INDEX two_people_second ON two_people (second_id);
