-- Who was erased: the bare id, so that nothing that comes late brings them back.
CREATE TABLE erased_member (
    member_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);

-- Erasing takes the member out of the notices about them, sent ones too.
CREATE INDEX notice_about ON notice (about_member_id) WHERE about_member_id IS NOT NULL;
