-- Groups of the profession: standing ones, and task groups with a day on which they are to end.
CREATE TABLE profession_group (
    group_id       uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('standing', 'task')),
    title          text NOT NULL,
    purpose        text NOT NULL,
    ask            text NOT NULL,        -- where to ask: a role or a shared mailbox; no person
    established_at timestamptz NOT NULL,
    established_by uuid NOT NULL         -- an account
);
CREATE UNIQUE INDEX profession_group_by_title ON profession_group (lower(title));

-- Who is or was a volunteer of a group. Once they have left the profession or are erased, without them: no member, no
-- account of theirs.
CREATE TABLE volunteering (
    volunteering_id uuid PRIMARY KEY,
    group_id        uuid NOT NULL REFERENCES profession_group,
    member_id       uuid,
    hours_per_month integer NOT NULL,
    skills          text[] NOT NULL,     -- codes
    joined_at       timestamptz NOT NULL,
    joined_by       uuid,                -- an account, like the following ones
    changed_at      timestamptz,         -- hours or skills, last
    changed_by      uuid,
    left_at         timestamptz,
    left_by         uuid,
    CHECK (left_at IS NOT NULL OR num_nulls(member_id, joined_by) = 0)
);
CREATE UNIQUE INDEX volunteering_now ON volunteering (group_id, member_id) WHERE left_at IS NULL;
CREATE INDEX volunteering_of ON volunteering (member_id) WHERE member_id IS NOT NULL;
