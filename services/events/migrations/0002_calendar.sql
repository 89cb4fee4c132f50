-- One row for each key date of each year that was worked out; its id follows from the rule and the year.
CREATE TABLE key_date (
    key_date_id uuid PRIMARY KEY,
    title       text NOT NULL,
    starts_on   date NOT NULL,
    ends_on     date NOT NULL,
    called_at   timestamptz, -- when it was said that the date approaches
    CONSTRAINT a_key_date_ends_after_it_starts CHECK (starts_on <= ends_on)
);
CREATE INDEX key_date_by_day ON key_date (starts_on);
CREATE INDEX key_date_to_call ON key_date (starts_on) WHERE called_at IS NULL;

-- What people attend. Its instants say where it stands.
CREATE TABLE hosted_event (
    hosted_event_id uuid PRIMARY KEY,
    title           text NOT NULL,
    summary         text NOT NULL,
    link            text NOT NULL,
    place           text NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    capacity        integer NOT NULL CHECK (capacity > 0),
    key_date_id     uuid REFERENCES key_date,
    proposed_by     uuid NOT NULL, -- an account, not a member
    signed_off_at   timestamptz,
    published_at    timestamptz,
    hosted_at       timestamptz,
    CONSTRAINT published_after_sign_off CHECK (published_at IS NULL OR signed_off_at IS NOT NULL),
    CONSTRAINT hosted_after_publication CHECK (hosted_at IS NULL OR published_at IS NOT NULL)
);
CREATE INDEX hosted_event_published ON hosted_event (starts_at, hosted_event_id) WHERE published_at IS NOT NULL;

-- Who speaks, for the page alone. A name may be given later.
CREATE TABLE keynote (
    keynote_id      uuid PRIMARY KEY,
    hosted_event_id uuid NOT NULL REFERENCES hosted_event,
    speaker         text,
    confirmed_at    timestamptz NOT NULL
);
CREATE INDEX keynote_of ON keynote (hosted_event_id);

-- A member's place. A leaver's rows are deleted, and their places are free again.
CREATE TABLE registration (
    registration_id uuid PRIMARY KEY,
    hosted_event_id uuid NOT NULL REFERENCES hosted_event,
    member_id       uuid NOT NULL REFERENCES invitee,
    registered_at   timestamptz NOT NULL,
    CONSTRAINT one_place_each UNIQUE (hosted_event_id, member_id)
);
CREATE INDEX registration_of ON registration (member_id);
