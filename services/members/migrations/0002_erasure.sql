-- Who was erased: the bare id, and nothing else of them anywhere here.
CREATE TABLE erased_member (
    member_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);

-- How far each erasure is, on the business clock.
CREATE TABLE erasure (
    member_id    uuid PRIMARY KEY REFERENCES erased_member,
    requested_at timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    stalled_at   timestamptz, -- when it was said that somebody is late
    completed_at timestamptz
);
CREATE INDEX erasure_to_watch ON erasure (due_at) WHERE completed_at IS NULL AND stalled_at IS NULL;

-- Which service has said that its data is gone.
CREATE TABLE erasure_receipt (
    member_id uuid NOT NULL REFERENCES erasure,
    service   text NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, service)
);

-- Contacts that were taken back from the compacted stream, until that was said often enough for it to be cleared.
CREATE TABLE withdrawn_contact (
    member_id    uuid PRIMARY KEY,
    withdrawn_at timestamptz NOT NULL DEFAULT now(), -- wall time
    said_again   smallint NOT NULL DEFAULT 0
);

CREATE INDEX import_row_of_member ON import_row (member_id) WHERE member_id IS NOT NULL;
