-- Who is signed in at a browser. The word in the browser's cookie is not here, only its SHA-256: who reads this table
-- can be nobody. Instants are wall time, the database's own.
CREATE TABLE session (
    session_hash bytea PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    csrf         text NOT NULL, -- what the forms of this session carry
    vouched      bytea,         -- of the address that the provider verified: HMAC-SHA-256 under the cookie's word
    begun_at     timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX session_seen ON session (seen_at);

-- A sign-in between our page and the provider's. Taken once, by the browser that began it.
CREATE TABLE sign_in_attempt (
    state_hash   bytea PRIMARY KEY, -- SHA-256 of what the provider gives back
    browser_hash bytea NOT NULL,    -- SHA-256 of the word in this browser's cookie
    nonce        text NOT NULL,
    verifier     text NOT NULL,     -- of PKCE
    back_to      text NOT NULL,     -- a path of this site
    begun_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempt_begun ON sign_in_attempt (begun_at);

-- The roles that the central team gave; those that deployment gives to an account are in role_grant.
CREATE TABLE member_role (
    member_id    uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    role         text NOT NULL,
    organisation text,              -- for the roles that hold for one organisation
    granted_at   timestamptz NOT NULL,
    granted_by   uuid NOT NULL,     -- an account
    UNIQUE NULLS NOT DISTINCT (member_id, role, organisation)
);
