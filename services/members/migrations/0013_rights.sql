-- Whose processing is restricted: what we hold of them is kept, and used for nothing that can do without it.
CREATE TABLE restriction (
    member_id     uuid PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    since         timestamptz NOT NULL,
    restricted_by uuid NOT NULL -- an account
);

-- Who changed what of a member, and when; neither what it was before nor what it became.
CREATE TABLE profile_change (
    change_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id  uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    what       text NOT NULL,
    who        text NOT NULL CHECK (who IN ('member', 'team', 'list', 'merger')),
    changed_at timestamptz NOT NULL,
    changed_by uuid, -- an account; null: nobody's, an organisation has merged
    CHECK ((changed_by IS NULL) = (who = 'merger'))
);
CREATE INDEX profile_change_of ON profile_change (member_id, change_id);

-- The team reads erasures, the newest first.
CREATE INDEX erasure_newest ON erasure (requested_at, member_id);
