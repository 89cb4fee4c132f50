-- Every role that was given or taken back, for good. What member_role says follows from it.
CREATE TABLE role_record (
    record_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id    uuid,                 -- null: erased
    role         text NOT NULL,
    organisation text,
    granted      boolean NOT NULL,     -- or taken back
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL         -- an account; nothing leads to one that was erased
);
CREATE INDEX role_record_of_member ON role_record (member_id, record_id) WHERE member_id IS NOT NULL;
CREATE INDEX role_record_of_role ON role_record (role, record_id);

INSERT INTO role_record (member_id, role, organisation, granted, recorded_at, recorded_by)
SELECT member_id, role, organisation, true, granted_at, granted_by FROM member_role ORDER BY granted_at;

CREATE FUNCTION role_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.member_id IS NULL
        AND (NEW.record_id, NEW.role, NEW.organisation, NEW.granted, NEW.recorded_at, NEW.recorded_by)
        IS NOT DISTINCT FROM (OLD.record_id, OLD.role, OLD.organisation, OLD.granted, OLD.recorded_at, OLD.recorded_by)
    THEN
        RETURN NEW; -- the member is erased
    END IF;
    RAISE EXCEPTION 'what was recorded of roles stays as it is';
END $$;
CREATE TRIGGER role_record_stays BEFORE UPDATE OR DELETE ON role_record
    FOR EACH ROW EXECUTE FUNCTION role_record_stays();
