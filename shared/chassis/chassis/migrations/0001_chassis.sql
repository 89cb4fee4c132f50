-- What every service keeps beside its own tables: what it will say, what it has said, and how far it has listened.

-- One row a subject: how many events of it this service has said, on each kind of stream.
CREATE TABLE subject_counter (
    subject  uuid PRIMARY KEY,
    internal integer NOT NULL,
    public   integer NOT NULL,
    personal integer NOT NULL
);

CREATE SEQUENCE outbox_id CACHE 1;

CREATE TABLE outbox (
    id              bigint PRIMARY KEY,
    event_id        uuid NOT NULL,
    stream          text NOT NULL,
    type            text NOT NULL,
    schema_name     text NOT NULL,
    subject         uuid NOT NULL,
    sequence        integer NOT NULL,
    body            text,              -- null: a tombstone
    public_id       uuid,              -- null: not public
    public_sequence integer,
    public_body     text,
    occurred_at     timestamptz NOT NULL,
    written_at      timestamptz NOT NULL,
    correlation_id  uuid NOT NULL,
    causation_id    uuid,
    traceparent     text,
    personal        boolean NOT NULL
);

-- What was sent, for ever: Kafka itself can be rebuilt from it. Personal rows never come here.
CREATE TABLE event_log (
    LIKE outbox INCLUDING DEFAULTS,
    sent_at timestamptz NOT NULL
) PARTITION BY RANGE (sent_at);
CREATE INDEX event_log_by_event_id ON event_log (event_id);
CREATE INDEX event_log_by_public_id ON event_log (public_id);
CREATE TABLE event_log_other_months PARTITION OF event_log DEFAULT;

CREATE TABLE relay_lease (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    holder     text NOT NULL,
    epoch      bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
INSERT INTO relay_lease (holder, epoch, expires_at) VALUES ('', 0, '-infinity');

-- The offset after the last record that Kafka acknowledged, of each partition of our own streams.
CREATE TABLE relay_position (
    topic       text NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- Where each consumer goes on, in the same transaction as what it did. Locking a row is owning the partition.
CREATE TABLE consumer_offset (
    consumer    text NOT NULL,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE progress (
    consumer      text NOT NULL,
    subject       uuid NOT NULL,
    last_sequence bigint NOT NULL,
    last_event_id uuid NOT NULL,
    PRIMARY KEY (consumer, subject)
);

CREATE TABLE parked (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer     text NOT NULL,
    topic        text NOT NULL,
    partition    integer NOT NULL,
    record_offset bigint NOT NULL,
    subject      uuid,
    sequence     bigint,
    event_id     uuid,
    type         text,
    key          bytea,
    headers      text NOT NULL,        -- JSON: [name, base64 or null] pairs
    value        bytea,
    recorded_at  timestamptz NOT NULL, -- the record's own timestamp
    kind         text NOT NULL,        -- waiting | stuck | fork | alone
    reason       text NOT NULL,        -- holds no personal data
    parked_at    timestamptz NOT NULL DEFAULT now(),
    discarded_at timestamptz,
    discarded_by uuid,
    discarded_why text
);
CREATE INDEX parked_by_subject ON parked (consumer, subject, sequence) WHERE discarded_at IS NULL;
CREATE UNIQUE INDEX parked_once ON parked (consumer, topic, partition, record_offset);
