-- Who entered an organisation, and who last said what becomes of it; null: it came with a migration.
ALTER TABLE organisation
    ADD COLUMN registered_at timestamptz,
    ADD COLUMN registered_by uuid, -- an account
    ADD COLUMN merged_at timestamptz,
    ADD COLUMN merged_by uuid,     -- an account
    ADD CHECK ((registered_at IS NULL) = (registered_by IS NULL)),
    ADD CHECK ((merged_at IS NULL) = (merged_by IS NULL));

-- When a membership ended, and by whom. No account of the member's own: nothing leads from who has left to a sign-in.
ALTER TABLE member
    ADD COLUMN departed_at timestamptz,
    ADD COLUMN departed_by uuid,       -- an account; null: the member themself
    ADD CHECK (departed_at IS NULL OR left_on IS NOT NULL),
    ADD CHECK (departed_by IS NULL OR departed_at IS NOT NULL);

ALTER TABLE erasure ADD COLUMN requested_by uuid; -- an account; null: the member themself
