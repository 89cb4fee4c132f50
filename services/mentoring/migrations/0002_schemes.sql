-- A scheme waits until the day it opens; then it takes enrolments.
CREATE TABLE scheme (
    scheme_id            uuid PRIMARY KEY,
    title                text NOT NULL,
    summary              text NOT NULL,
    link                 text NOT NULL,
    across_organisations boolean NOT NULL,
    opens_on             date NOT NULL,
    opened_at            timestamptz
);
CREATE INDEX scheme_still_to_open ON scheme (opens_on) WHERE opened_at IS NULL;

-- The row is the attestation that its member meets the scheme's condition. It is deleted when they withdraw or leave.
CREATE TABLE enrolment (
    enrolment_id uuid PRIMARY KEY,
    scheme_id    uuid NOT NULL REFERENCES scheme,
    member_id    uuid NOT NULL REFERENCES profile,
    goals        text[] NOT NULL,
    offers       text[] NOT NULL,
    seeks        text[] NOT NULL,
    enrolled_at  timestamptz NOT NULL,
    CONSTRAINT enrolled_once UNIQUE (scheme_id, member_id)
);
CREATE INDEX enrolment_of ON enrolment (member_id);

-- A match run proposes; its pairs exist for others once it is published.
CREATE TABLE match_run (
    run_id       uuid PRIMARY KEY,
    scheme_id    uuid NOT NULL REFERENCES scheme,
    run_at       timestamptz NOT NULL,
    published_at timestamptz
);

-- Who was in the pool of a run. Whoever withdraws or leaves is taken out.
CREATE TABLE entrant (
    run_id    uuid NOT NULL REFERENCES match_run,
    member_id uuid NOT NULL REFERENCES profile,
    PRIMARY KEY (run_id, member_id)
);
CREATE INDEX entrant_of ON entrant (member_id);

-- Without created_at a proposal, with ended_at over. Why it was proposed is not kept beyond its end.
CREATE TABLE pair (
    pair_id          uuid PRIMARY KEY,
    run_id           uuid NOT NULL REFERENCES match_run,
    first_member_id  uuid NOT NULL REFERENCES profile,
    second_member_id uuid NOT NULL REFERENCES profile,
    score            integer NOT NULL,
    reasons          text[] NOT NULL,
    created_at       timestamptz,
    ended_at         timestamptz,
    CONSTRAINT two_members_in_order CHECK (first_member_id < second_member_id),
    CONSTRAINT only_what_began_ends CHECK (ended_at IS NULL OR created_at IS NOT NULL)
);
CREATE INDEX pair_of_run ON pair (run_id);
CREATE INDEX pair_of_first ON pair (first_member_id);
CREATE INDEX pair_of_second ON pair (second_member_id);
