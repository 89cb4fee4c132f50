-- A meeting may be moved, and cancelled, until it begins.
ALTER TABLE group_meeting
    ADD COLUMN changes      integer NOT NULL DEFAULT 0,  -- how often it was moved or cancelled
    ADD COLUMN changed_at   timestamptz,
    ADD COLUMN changed_by   uuid,                        -- an account, like the following one
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN cancelled_by uuid,
    ADD CHECK (num_nulls(changed_at, changed_by) IN (0, 2) AND num_nulls(cancelled_at, cancelled_by) IN (0, 2));
