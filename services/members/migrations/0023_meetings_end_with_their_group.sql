-- With a group that ends by itself its meetings to come are cancelled, and then nobody did it.
ALTER TABLE group_meeting
    DROP CONSTRAINT group_meeting_check2,
    ADD CHECK ((changed_by IS NULL OR changed_at IS NOT NULL) AND (cancelled_by IS NULL OR cancelled_at IS NOT NULL)),
    ADD CHECK (cancelled_at IS NULL OR changed_at IS NOT NULL);
CREATE INDEX group_meeting_to_come ON group_meeting (group_id, starts_at) WHERE cancelled_at IS NULL;
