-- What groups are called, as far as a meeting of theirs said it: of the projection of open doors.
CREATE TABLE group_name (
    group_id uuid PRIMARY KEY,
    title    text NOT NULL
);
