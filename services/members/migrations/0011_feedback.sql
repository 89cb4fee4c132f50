-- What members were asked of a commitment, until when, and what came of it. What somebody answered is below, and
-- apart: no row here or there has both a person and an answer.
CREATE TABLE feedback_round (
    round_id      uuid PRIMARY KEY,
    commitment_id uuid NOT NULL REFERENCES commitment,
    title         text NOT NULL,         -- the question
    about         text,                  -- what to think of while answering; names no person
    must_hear     text[] NOT NULL,       -- codes of groups
    closes_on     date NOT NULL,         -- its last moment is the end of this day in London
    opened_at     timestamptz NOT NULL,
    opened_by     uuid NOT NULL,         -- an account
    closed_at     timestamptz,           -- by the timer
    answered      integer,               -- to the nearest five; null: still open, or too few to be told of
    heard         text[] NOT NULL DEFAULT '{}',
    summary       text,
    summarised_at timestamptz,
    summarised_by uuid,                  -- an account
    you_said      text,
    we_did        text,
    responded_at  timestamptz,
    responded_by  uuid,                  -- an account
    CHECK (summary IS NULL OR closed_at IS NOT NULL),
    CHECK (we_did IS NULL OR summary IS NOT NULL)
);
CREATE UNIQUE INDEX feedback_round_open ON feedback_round (commitment_id) WHERE closed_at IS NULL;
CREATE INDEX feedback_round_to_close ON feedback_round (closes_on) WHERE closed_at IS NULL;
CREATE INDEX feedback_round_by_day ON feedback_round (closes_on DESC, round_id);

-- While a round is open, these three; its closing empties them. None has an instant, a number that counts, or
-- anything of another; the keys are no part of the database.
CREATE TABLE feedback_taken (             -- who has had a token
    mark     bytea PRIMARY KEY,           -- of round and member, under a key
    round_id uuid NOT NULL REFERENCES feedback_round
);
CREATE TABLE feedback_spent (             -- tokens that were used
    hash     bytea PRIMARY KEY,
    round_id uuid NOT NULL REFERENCES feedback_round
);
CREATE TABLE feedback_sealed (            -- what was answered, under a key, each as long as any other
    sealed_id uuid PRIMARY KEY,
    round_id  uuid NOT NULL REFERENCES feedback_round,
    sealed    text NOT NULL
);
CREATE INDEX feedback_taken_of_round ON feedback_taken (round_id);
CREATE INDEX feedback_spent_of_round ON feedback_spent (round_id);
CREATE INDEX feedback_sealed_of_round ON feedback_sealed (round_id, sealed_id);

-- Once it has closed, what may be told of the answers.
CREATE TABLE feedback_figure (
    round_id   uuid NOT NULL REFERENCES feedback_round,
    group_code text NOT NULL,             -- empty: everybody who answered
    rating     text NOT NULL,
    number     integer,                   -- to the nearest five; null: hidden
    PRIMARY KEY (round_id, group_code, rating)
);
-- What people wrote, without what else they answered, for the central team. Written in an order drawn by chance.
CREATE TABLE feedback_comment (
    comment_id uuid PRIMARY KEY,
    round_id   uuid NOT NULL REFERENCES feedback_round,
    words      text NOT NULL
);
CREATE INDEX feedback_comment_of_round ON feedback_comment (round_id, comment_id);
