-- What the home page says is coming: key dates and published events, as they were said. Whatever was hosted is gone.
CREATE TABLE coming_up (
    id        uuid PRIMARY KEY,
    title     text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    place     text               -- null: a key date, which has days and no place
);
CREATE INDEX coming_up_by_end ON coming_up (ends_at);
