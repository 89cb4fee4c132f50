-- Who is a member. Somebody who left keeps a row without anything personal, so that nothing late brings them back.
CREATE TABLE member (
    member_id    uuid PRIMARY KEY,
    name         text,
    email        text UNIQUE,   -- ASCII, lower case; null once left, so that the address is free again
    organisation text NOT NULL, -- a code
    grade        text NOT NULL,
    interests    text[] NOT NULL,
    skills       text[] NOT NULL,
    joined_on    date NOT NULL,
    verified_by  text CHECK (verified_by IN ('organisation')),
    verified_at  timestamptz,
    left_on      date,
    CHECK ((verified_by IS NULL) = (verified_at IS NULL)),
    CHECK (CASE WHEN left_on IS NULL THEN name IS NOT NULL AND email IS NOT NULL
                ELSE name IS NULL AND email IS NULL AND interests = '{}' AND skills = '{}' END)
);
CREATE INDEX member_present ON member (organisation) WHERE left_on IS NULL;

-- Who signs in. Holds the provider's pseudonym for a person, and neither name nor address.
CREATE TABLE account (
    account_id uuid PRIMARY KEY,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    member_id  uuid,            -- null: not a member, or not one any more
    created_at timestamptz NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX account_by_member ON account (member_id);

CREATE TABLE role_grant (
    account_id   uuid NOT NULL REFERENCES account,
    role         text NOT NULL,
    organisation text,          -- for the roles that hold for one organisation
    granted_at   timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (account_id, role, organisation)
);

-- Files of members, worked off a batch at a time. A row holds what the file said until it has its outcome.
CREATE TABLE import (
    import_id    uuid PRIMARY KEY,
    account_id   uuid NOT NULL, -- who sent it
    organisation text,          -- set: only rows of this organisation are taken
    begun_at     timestamptz NOT NULL,
    done_at      timestamptz
);
CREATE INDEX import_under_way ON import (begun_at) WHERE done_at IS NULL;

CREATE TABLE import_row (
    import_id uuid NOT NULL REFERENCES import,
    line      integer NOT NULL,
    cells     jsonb,            -- personal; null once the row is done
    outcome   text CHECK (outcome IN ('joined', 'already-a-member', 'refused')),
    member_id uuid,
    errors    jsonb,            -- [[field, sentence], …]; repeats nothing of the cells
    PRIMARY KEY (import_id, line),
    CHECK ((outcome IS NULL) = (cells IS NOT NULL))
);
CREATE INDEX import_row_to_do ON import_row (import_id, line) WHERE outcome IS NULL;
