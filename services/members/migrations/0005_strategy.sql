-- What the profession promised, version by version, each as it was published. The highest version is in force.
CREATE TABLE strategy (
    version      integer PRIMARY KEY,
    strategy_id  uuid NOT NULL,        -- one for all versions
    title        text NOT NULL,
    summary      text NOT NULL,
    link         text NOT NULL,
    mission      text NOT NULL,
    themes       jsonb NOT NULL,       -- [{title, summary, goals: [{title, commitments: [{commitment_id, title, …}]}]}]
    published_by uuid NOT NULL,        -- an account
    published_at timestamptz NOT NULL
);

-- Every commitment as it stands now. What a version of the strategy leaves out is dropped, and stays to be seen.
CREATE TABLE commitment (
    commitment_id uuid PRIMARY KEY,
    title         text NOT NULL,
    summary       text,
    owner         text NOT NULL,       -- a role, an organisation or a group; no person
    measure       text NOT NULL,
    due_on        date NOT NULL,       -- its last moment is the end of this day in London
    made_in       integer NOT NULL REFERENCES strategy,
    course        text,                -- as it was last reported; null: never
    percent       integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    completed_on  date,
    completed_at  timestamptz,
    completed_by  uuid,                -- an account
    overdue_at    timestamptz,         -- when it was said that this day has passed; null again with another day
    dropped_at    timestamptz,
    CHECK ((completed_on IS NULL) = (completed_at IS NULL) AND (completed_on IS NULL) = (completed_by IS NULL))
);
CREATE INDEX commitment_by_day ON commitment (due_on, commitment_id);
CREATE INDEX commitment_to_watch ON commitment (due_on)
    WHERE completed_on IS NULL AND overdue_at IS NULL AND dropped_at IS NULL;

CREATE TABLE commitment_progress (
    progress_id   uuid PRIMARY KEY,
    commitment_id uuid NOT NULL REFERENCES commitment,
    course        text NOT NULL,
    percent       integer NOT NULL,
    summary       text,                -- for everybody; names no person
    reported_on   date NOT NULL,
    reported_at   timestamptz NOT NULL,
    reported_by   uuid NOT NULL        -- an account
);
CREATE INDEX commitment_progress_newest ON commitment_progress (commitment_id, reported_at DESC, progress_id);
