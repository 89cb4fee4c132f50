-- How releases counted a member is one row, of some bytes for each release, and no longer a row for each release; and what
-- a release counted stands beside it. Only the service can open what is there already, in monitoring.counted and
-- monitoring.exact: it reads that, and the next release puts all of it here. Then those are empty, so that an older
-- version of the service, which looks for its releases there, makes none without them. Both go with a later migration.
SELECT set_config('role', session_user || '_restricted', true);

CREATE TABLE monitoring.ledger (
    name   bytea PRIMARY KEY,          -- as in monitoring.answer
    sealed bytea NOT NULL              -- AES-GCM, for the name and the periods of monitoring.book; all of one length
);

CREATE TABLE monitoring.book (
    period text PRIMARY KEY,
    sealed bytea NOT NULL
);

SELECT set_config('role', 'none', true);
