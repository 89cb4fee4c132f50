-- The seats of the Shadow Board, who sits on each and until when, and what the board advised.
CREATE TABLE shadow_board_seat (
    seat_id   uuid PRIMARY KEY,
    title     text NOT NULL,
    opened_on date NOT NULL,       -- since when it is free, or was before its present term
    opened_at timestamptz NOT NULL,
    opened_by uuid NOT NULL        -- an account
);

CREATE TABLE shadow_board_term (
    term_id      uuid PRIMARY KEY,
    seat_id      uuid NOT NULL REFERENCES shadow_board_seat,
    member_id    uuid,             -- null: left or erased
    starts_on    date NOT NULL,
    ends_on      date NOT NULL,    -- its last day, in London
    appointed_at timestamptz NOT NULL,
    appointed_by uuid NOT NULL,    -- an account
    ended_on     date,
    ended_at     timestamptz,
    CHECK (starts_on <= ends_on AND (ended_on IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX shadow_board_one_term ON shadow_board_term (seat_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX shadow_board_one_seat ON shadow_board_term (member_id) WHERE ended_at IS NULL;
CREATE INDEX shadow_board_term_of_member ON shadow_board_term (member_id) WHERE member_id IS NOT NULL;

CREATE TABLE shadow_board_advice (
    advice_id   uuid PRIMARY KEY,
    title       text NOT NULL,     -- on the bus, as it is here
    advice      text NOT NULL,     -- for everybody who opens its page; never on a stream
    given_at    timestamptz NOT NULL,
    given_by    uuid NOT NULL,     -- an account; the board speaks as one
    answer      text,
    answered_at timestamptz,
    answered_by uuid,              -- an account
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX shadow_board_advice_newest ON shadow_board_advice (given_at DESC, advice_id DESC);
