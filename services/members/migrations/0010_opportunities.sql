-- What members may apply for, from its opening to what came of it. Instants are on the business clock.
CREATE TABLE opportunity (
    opportunity_id   uuid PRIMARY KEY,
    kind             text NOT NULL,
    title            text NOT NULL,
    summary          text NOT NULL,
    closes_at        timestamptz NOT NULL,  -- before it one may apply, at it no more
    meets_on         date,
    capacity         integer NOT NULL CHECK (capacity > 0),
    rule             text NOT NULL,         -- of this version of the policy, to its end
    policy_version   integer NOT NULL,
    seed             text,                  -- where a lot decides; shown once it has decided, its SHA-256 from the start
    opened_at        timestamptz NOT NULL,
    opened_by        uuid NOT NULL,         -- an account, as each of these
    closed_at        timestamptz,           -- when the timer said so
    selected_at      timestamptz,
    selected_by      uuid,                  -- null: the lot
    held_on          date,
    held_at          timestamptz,
    held_by          uuid,
    findings_title   text,
    findings_summary text,
    findings_link    text,
    findings_at      timestamptz,
    findings_by      uuid,
    CHECK (selected_at IS NULL OR closed_at IS NOT NULL),
    CHECK ((held_on IS NULL) = (held_at IS NULL) AND (held_on IS NULL) = (held_by IS NULL)),
    CHECK ((findings_title IS NULL) = (findings_at IS NULL) AND (findings_title IS NULL) = (findings_by IS NULL))
);
CREATE INDEX opportunity_by_closing ON opportunity (closes_at DESC, opportunity_id);
CREATE INDEX opportunity_to_close ON opportunity (closes_at) WHERE closed_at IS NULL;

-- Who is interested, and what became of it. Never on a stream.
CREATE TABLE interest (
    interest_id    uuid PRIMARY KEY,       -- the applicant's number in the draw
    opportunity_id uuid NOT NULL REFERENCES opportunity,
    member_id      uuid,                   -- null: left or erased after the choice
    registered_at  timestamptz NOT NULL,
    statement      text,                   -- in their words, for who chooses; gone once they have chosen
    state          text NOT NULL,
    band           text,                   -- as it was when the opportunity closed, for the draw
    organisation   text,                   -- a label that is the same for all of one organisation in this draw
    changed_at     timestamptz,
    changed_by     uuid,                   -- an account; null: the lot
    CHECK (state <> 'registered' OR member_id IS NOT NULL)
);
CREATE UNIQUE INDEX interest_once ON interest (opportunity_id, member_id);
CREATE INDEX interest_of_member ON interest (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX interest_in_order ON interest (opportunity_id, interest_id);
CREATE INDEX interest_with_a_place ON interest (opportunity_id) WHERE state = 'chosen';
