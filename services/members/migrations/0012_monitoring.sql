-- What members answered to equality monitoring, and what was counted of it, in a schema that this service's own role
-- cannot read: it belongs to the role for what is restricted, which the service takes on for a statement and puts down.
-- Who makes the database makes that role beside its owner's (deploy/README.md).
DO $$ BEGIN EXECUTE format('CREATE SCHEMA monitoring AUTHORIZATION %I', current_user || '_restricted'); END $$;
SELECT set_config('role', session_user || '_restricted', true);

CREATE TABLE monitoring.answer (
    name   bytea PRIMARY KEY,          -- HMAC of the member's id; the key is in no database
    sealed bytea NOT NULL              -- AES-GCM: version, day, codes
);

-- How a release counted each member, so that the next one shows nothing by what differs. Goes when none looks back to it.
CREATE TABLE monitoring.counted (
    period text,
    name   bytea,
    sealed bytea NOT NULL,
    PRIMARY KEY (period, name)
);
CREATE INDEX counted_of_member ON monitoring.counted (name);

CREATE TABLE monitoring.exact (
    period text PRIMARY KEY,
    sealed bytea NOT NULL
);

SELECT set_config('role', 'none', true);

-- The releases as everybody sees them: rounded, and without what is hidden.
CREATE TABLE statistics_release (
    release_id        uuid PRIMARY KEY,
    period            text NOT NULL UNIQUE,    -- a quarter such as 2026-Q3
    counted_on        date NOT NULL,           -- in London
    questions_version integer NOT NULL,
    diversity         jsonb NOT NULL,
    participation     jsonb NOT NULL,
    released_at       timestamptz NOT NULL,
    released_by       uuid NOT NULL            -- an account
);
