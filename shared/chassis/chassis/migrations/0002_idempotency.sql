-- What each Idempotency-Key made, for 24 hours. Hashes only: neither the key nor the body is kept.
CREATE TABLE idempotency_key (
    key         bytea       NOT NULL PRIMARY KEY,  -- SHA-256 of caller, method, path and the header
    fingerprint bytea       NOT NULL,              -- SHA-256 of the body
    status      smallint    NOT NULL,              -- of the first answer
    resource_id uuid        NOT NULL,              -- what the first request made
    expires_at  timestamptz NOT NULL
);

CREATE INDEX idempotency_key_expires_at ON idempotency_key (expires_at);
