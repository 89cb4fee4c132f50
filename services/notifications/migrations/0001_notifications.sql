-- Who can be written to, and what is written to them.

-- A row once heard of stays: a leaver's has neither name nor address, so that a late contact brings nothing back.
CREATE TABLE recipient (
    member_id uuid PRIMARY KEY,
    state     text NOT NULL CHECK (state IN ('expected', 'known', 'left')),
    name      text,
    email     text,
    CHECK ((name IS NULL) = (email IS NULL)),
    CHECK (state <> 'left' OR email IS NULL)
);

CREATE TABLE notice (
    notice_id        uuid PRIMARY KEY,
    number           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- the order of making, for paging
    member_id        uuid NOT NULL REFERENCES recipient,
    event_id         uuid NOT NULL,         -- what happened, so that it is told once
    category         text NOT NULL,
    template         text NOT NULL,
    template_version smallint NOT NULL,
    state            text NOT NULL CHECK (
        state IN ('waiting', 'due', 'sending', 'sent', 'failed', 'unknown', 'cancelled')),
    reason           text,                  -- why it is where it is; holds no personal data
    created_at       timestamptz NOT NULL,  -- business time, as due_at and sent_at
    due_at           timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    message_id       text,                  -- from the first conversation on
    begun_at         timestamptz,           -- wall time of the last conversation's beginning
    claimed_by       text,
    claimed_until    timestamptz,           -- wall time
    sent_at          timestamptz,
    UNIQUE (member_id, event_id, template),  -- at most one message a person an event
    CHECK ((state = 'sending') = (claimed_by IS NOT NULL)),
    CHECK ((state = 'sending') = (claimed_until IS NOT NULL)),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);

CREATE INDEX notice_due ON notice (due_at) WHERE state = 'due';
CREATE INDEX notice_sending ON notice (claimed_until) WHERE state = 'sending';
CREATE INDEX notice_of_member ON notice (member_id, number);
CREATE INDEX notice_by_state ON notice (state, number);
