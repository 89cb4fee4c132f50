-- What people attend, as far as notices and a member's own page tell of it. Where a registration is heard before the
-- publication the row stands without words.
CREATE TABLE hosted_event (
    hosted_event_id uuid PRIMARY KEY,
    state           text NOT NULL CHECK (state IN ('expected', 'published', 'hosted')),
    title           text,
    summary         text,
    place           text,
    link            text,
    starts_at       timestamptz,
    ends_at         timestamptz,
    CONSTRAINT the_words_come_together CHECK (num_nulls(title, summary, place, link, starts_at, ends_at) IN (0, 6)),
    CONSTRAINT what_is_published_has_words CHECK (state <> 'published' OR title IS NOT NULL)
);
CREATE INDEX hosted_event_to_come ON hosted_event (starts_at) WHERE state = 'published';

-- Who has a place. A leaver's rows are deleted.
CREATE TABLE attendance (
    registration_id uuid PRIMARY KEY,
    hosted_event_id uuid NOT NULL REFERENCES hosted_event,
    member_id       uuid NOT NULL REFERENCES recipient
);
CREATE INDEX attendance_at ON attendance (hosted_event_id, member_id);
CREATE INDEX attendance_of ON attendance (member_id);

-- A notice may be about a hosted event, whose words it tells: each person gets one of each kind. Without REFERENCES:
-- whatever writes one holds the event's row, and ten thousand invitations would look it up ten thousand times.
ALTER TABLE notice ADD COLUMN hosted_event_id uuid;
CREATE UNIQUE INDEX notice_of_hosted_event ON notice (hosted_event_id, member_id, template)
    WHERE hosted_event_id IS NOT NULL;

-- Most notices are about no member and no pair: these two then have nothing to keep, which a large invitation feels.
DROP INDEX notice_unsent_about;
CREATE INDEX notice_unsent_about ON notice (about_member_id)
    WHERE state IN ('waiting', 'due') AND about_member_id IS NOT NULL;
DROP INDEX notice_unsent_of_pair;
CREATE INDEX notice_unsent_of_pair ON notice (pair_id) WHERE state IN ('waiting', 'due') AND pair_id IS NOT NULL;

-- What a member's own page shows beside it. A pair goes when it ends or one of the two leaves; it knows no scheme.
CREATE TABLE pair (
    pair_id          uuid PRIMARY KEY,
    first_member_id  uuid NOT NULL REFERENCES recipient,
    second_member_id uuid NOT NULL REFERENCES recipient,
    since            timestamptz NOT NULL
);
CREATE INDEX pair_of_first ON pair (first_member_id);
CREATE INDEX pair_of_second ON pair (second_member_id);

CREATE TABLE mentoring_scheme (
    scheme_id uuid PRIMARY KEY,
    title     text NOT NULL,
    summary   text NOT NULL,
    link      text NOT NULL,
    opened_on date NOT NULL
);

CREATE TABLE key_date (
    key_date_id uuid PRIMARY KEY,
    title       text NOT NULL,
    starts_on   date NOT NULL,
    ends_on     date NOT NULL
);
CREATE INDEX key_date_by_day ON key_date (starts_on);
