-- What notices tell of, how each member wants to hear, and what was written.

-- The event that notices tell of. `facts` holds the fields of it that their words need: codes and dates, no name.
CREATE TABLE occasion (
    event_id   uuid PRIMARY KEY,
    type       text NOT NULL,
    subject    uuid NOT NULL,
    facts      jsonb NOT NULL,
    heard_at   timestamptz NOT NULL  -- business time
);
CREATE INDEX occasion_of ON occasion (subject);
CREATE INDEX occasion_heard ON occasion (heard_at, event_id);

-- A member's own choice for a category; without a row they hear at once, by mail and in the inbox.
CREATE TABLE preference (
    member_id uuid NOT NULL REFERENCES recipient,
    category  text NOT NULL,
    email     text NOT NULL CHECK (email IN ('immediate', 'daily', 'weekly', 'never')),
    inbox     boolean NOT NULL,
    PRIMARY KEY (member_id, category)
);

-- When mail may come, on the member's own clock. Without hours: at any time.
CREATE TABLE delivery_hours (
    member_id     uuid PRIMARY KEY REFERENCES recipient,
    time_zone     text NOT NULL,
    opens         time,
    closes        time,
    weekdays_only boolean NOT NULL,
    CONSTRAINT both_or_none CHECK ((opens IS NULL) = (closes IS NULL)),
    CONSTRAINT within_a_day CHECK (opens < closes)
);

-- Who holds which role, for notices to the team and to volunteers. With an organisation it holds there alone.
CREATE TABLE role_holder (
    member_id    uuid NOT NULL,
    role         text NOT NULL,
    organisation text NOT NULL,  -- '' for everywhere
    PRIMARY KEY (role, member_id, organisation)
);
CREATE INDEX role_of ON role_holder (member_id);

-- What the unsubscribe link in a member's mail holds; and why mail to their present address does not arrive.
ALTER TABLE recipient ADD COLUMN unsubscribe_token uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE recipient ADD COLUMN address_failed text;
CREATE UNIQUE INDEX recipient_unsubscribing ON recipient (unsubscribe_token);

ALTER TABLE notice ADD COLUMN channel text;              -- how it travels, or was told: from the first claim on
ALTER TABLE notice ADD COLUMN in_inbox boolean NOT NULL DEFAULT true;
ALTER TABLE notice ADD COLUMN wanted_at timestamptz;     -- when it was to go out, whatever was tried since
ALTER TABLE notice ADD COLUMN useful_until timestamptz;  -- after which it tells nothing any more
ALTER TABLE notice ADD COLUMN digest_id uuid REFERENCES notice;  -- the digest in which it goes out, itself a notice
ALTER TABLE notice ADD COLUMN read_at timestamptz;
ALTER TABLE notice ADD COLUMN delivered_at timestamptz;  -- said by the provider, where one says so
ALTER TABLE notice ADD COLUMN redelivered_at timestamptz;
ALTER TABLE notice ADD COLUMN redelivered_by text;       -- the account of who sent it again by hand
ALTER TABLE notice ADD COLUMN redeliveries smallint NOT NULL DEFAULT 0;
UPDATE notice SET wanted_at = due_at, channel = CASE WHEN message_id IS NOT NULL THEN 'email' END;
ALTER TABLE notice ALTER COLUMN wanted_at SET NOT NULL;

ALTER TABLE notice DROP CONSTRAINT notice_state_check;
ALTER TABLE notice ADD CONSTRAINT notice_state_check CHECK (state IN (
    'waiting', 'due', 'gathered', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'cancelled'));
CREATE INDEX notice_gathered ON notice (due_at) WHERE state = 'gathered' AND digest_id IS NULL;
CREATE INDEX notice_in_digest ON notice (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX notice_of_event ON notice (event_id);
CREATE INDEX notice_old ON notice (created_at) WHERE state IN ('sent', 'failed', 'unknown', 'suppressed', 'cancelled');
DROP INDEX notice_unsent_about;
CREATE INDEX notice_unsent_about ON notice (about_member_id)
    WHERE state IN ('waiting', 'due', 'gathered') AND about_member_id IS NOT NULL;
DROP INDEX notice_unsent_of_pair;
CREATE INDEX notice_unsent_of_pair ON notice (pair_id)
    WHERE state IN ('waiting', 'due', 'gathered') AND pair_id IS NOT NULL;

-- The words of a notice as they went out; deleted after some days.
CREATE TABLE notice_body (
    notice_id uuid PRIMARY KEY REFERENCES notice ON DELETE CASCADE,
    text      text NOT NULL,
    kept_from timestamptz NOT NULL  -- business time
);
CREATE INDEX notice_body_kept ON notice_body (kept_from);
