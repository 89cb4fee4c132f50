-- Who was erased: the bare id, so that nothing that comes late brings them back.
CREATE TABLE erased_member (
    member_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);
