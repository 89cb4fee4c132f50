-- Groups of the profession: standing ones, and task groups with a day on which they are to end.
CREATE TABLE profession_group (
    group_id       uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('standing', 'task')),
    title          text NOT NULL,
    purpose        text NOT NULL,
    ask            text NOT NULL,        -- where to ask: a role or a shared mailbox; no person
    established_at timestamptz NOT NULL,
    established_by uuid NOT NULL,        -- an account
    charter        text,                 -- of a task group, like all that follows
    ends_on        date,                 -- its last moment is the end of this day in London
    flagged_at     timestamptz,          -- when that day had ended with something still to deliver
    disbanded_at   timestamptz,
    disbanded_by   uuid,                 -- an account; null: by itself, since everything was delivered
    disbanded_for  text,                 -- why, where somebody disbanded it
    CHECK ((kind = 'task') = (charter IS NOT NULL) AND (kind = 'task') = (ends_on IS NOT NULL)),
    CHECK (num_nulls(disbanded_by, disbanded_for) <> 1 AND (disbanded_at IS NOT NULL OR disbanded_by IS NULL))
);
CREATE UNIQUE INDEX profession_group_by_title ON profession_group (lower(title));
CREATE INDEX profession_group_to_end ON profession_group (ends_on) WHERE disbanded_at IS NULL;

-- What a task group is to deliver.
CREATE TABLE deliverable (
    deliverable_id uuid PRIMARY KEY,
    group_id       uuid NOT NULL REFERENCES profession_group,
    place          integer NOT NULL,     -- in the charter
    title          text NOT NULL,
    met_at         timestamptz,
    met_by         uuid,                 -- an account
    UNIQUE (group_id, place),
    CHECK ((met_at IS NULL) = (met_by IS NULL))
);

-- Each later day that a task group was given, with the reason.
CREATE TABLE group_extension (
    group_id    uuid NOT NULL REFERENCES profession_group,
    ended_on    date NOT NULL,           -- before
    ends_on     date NOT NULL,
    reason      text NOT NULL,
    extended_at timestamptz NOT NULL,
    extended_by uuid NOT NULL,           -- an account
    PRIMARY KEY (group_id, ends_on),
    CHECK (ended_on < ends_on)
);

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

-- What the profession has champions for.
CREATE TABLE champion_theme (
    theme_id       uuid PRIMARY KEY,
    title          text NOT NULL,
    purpose        text NOT NULL,
    ask            text NOT NULL,
    established_at timestamptz NOT NULL,
    established_by uuid NOT NULL         -- an account
);
CREATE UNIQUE INDEX champion_theme_by_title ON champion_theme (lower(title));

-- Who is or was a champion. Without its member once they have left the profession or are erased.
CREATE TABLE champion_term (
    term_id      uuid PRIMARY KEY,
    theme_id     uuid NOT NULL REFERENCES champion_theme,
    member_id    uuid,
    starts_on    date NOT NULL,
    ends_on      date NOT NULL,          -- its last moment is the end of this day in London
    appointed_at timestamptz NOT NULL,
    appointed_by uuid NOT NULL,          -- an account
    ended        text CHECK (ended IN ('over', 'resigned', 'by-the-team', 'gone')),
    ended_at     timestamptz,
    ended_by     uuid,                   -- an account; null: its day ended, or the member themself is gone
    CHECK ((ended IS NULL) = (ended_at IS NULL)),
    CHECK (ended IS NOT NULL OR member_id IS NOT NULL)
);
CREATE UNIQUE INDEX champion_now ON champion_term (theme_id, member_id) WHERE ended IS NULL;
CREATE INDEX champion_term_to_end ON champion_term (ends_on) WHERE ended IS NULL;
CREATE INDEX champion_term_of ON champion_term (member_id) WHERE member_id IS NOT NULL;

-- When a theme had no champion. One at most is open for each.
CREATE TABLE champion_vacancy (
    vacancy_id uuid PRIMARY KEY,
    theme_id   uuid NOT NULL REFERENCES champion_theme,
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz
);
CREATE UNIQUE INDEX champion_vacancy_open ON champion_vacancy (theme_id) WHERE closed_at IS NULL;

-- When a group meets, and what for.
CREATE TABLE group_meeting (
    meeting_id   uuid PRIMARY KEY,
    group_id     uuid NOT NULL REFERENCES profession_group,
    title        text NOT NULL,
    place        text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    scheduled_at timestamptz NOT NULL,
    scheduled_by uuid NOT NULL,          -- an account, like the following ones
    agenda       text,                   -- for members
    agenda_at    timestamptz,
    agenda_by    uuid,
    notes        text,                   -- for the group's volunteers and the central team
    notes_at     timestamptz,
    notes_by     uuid,
    CHECK (starts_at < ends_at),
    CHECK (num_nulls(agenda, agenda_at, agenda_by) IN (0, 3) AND num_nulls(notes, notes_at, notes_by) IN (0, 3))
);
CREATE INDEX group_meeting_latest ON group_meeting (group_id, starts_at, meeting_id);
