-- Doors that members says are open, as it was said: a projection of its stream, in which nobody is named.
CREATE TABLE door (
    door_id   uuid PRIMARY KEY,
    kind      text NOT NULL,        -- of an opportunity: its own; or seat, question, group
    title     text NOT NULL,
    summary   text,
    closes_at timestamptz,          -- null: until it is said
    ends_on   date,                 -- of a task group: its last day
    grades    text[]                -- null: all
);
CREATE INDEX door_by_closing ON door (kind, closes_at, title, door_id);

-- Terms of champions, without the champion: a theme all of whose terms are over has none.
CREATE TABLE theme_term (
    term_id  uuid PRIMARY KEY,
    theme_id uuid NOT NULL,
    is_over  boolean NOT NULL
);

-- What members were given, for their own page: a champion's term, a seat, a place. A leaver's rows are deleted.
CREATE TABLE given (
    what      text NOT NULL CHECK (what IN ('champion', 'seat', 'place')),
    thing_id  uuid NOT NULL,        -- the term, the seat, the opportunity
    member_id uuid NOT NULL REFERENCES recipient,
    about_id  uuid NOT NULL,        -- the theme, the seat, the opportunity
    until     date,                 -- its last day
    PRIMARY KEY (what, thing_id, member_id)
);
CREATE INDEX given_to ON given (member_id);

-- Some doors are open to some grades alone.
ALTER TABLE recipient ADD COLUMN grade text;
