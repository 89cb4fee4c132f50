-- A witness in each database: triggers write down every event that is said, every step of every consumer and every
-- change of the rows that events lead to, in the transaction that does it. Nothing here is the platform's own code;
-- the schema belongs to the superuser, so a service can neither read nor change what is written of it.
CREATE SCHEMA witness;

CREATE TABLE witness.said (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    row   jsonb NOT NULL,
    at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE witness.heard (
    place    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    subject  text NOT NULL,
    before   bigint NOT NULL, -- 0: nothing
    after    bigint NOT NULL,
    began    timestamptz NOT NULL DEFAULT transaction_timestamp() -- what was committed before it is seen by what heard
);
CREATE TABLE witness.change (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what  text NOT NULL,      -- a table
    op    text NOT NULL,      -- INSERT, UPDATE, DELETE
    row   jsonb NOT NULL,     -- as it is then; as it was, for DELETE
    at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION witness.note_said() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO witness.said (row) VALUES (to_jsonb(NEW));
    RETURN NULL;
END $$;

CREATE FUNCTION witness.note_heard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO witness.heard (consumer, subject, before, after)
    VALUES (NEW.consumer, NEW.subject, CASE WHEN TG_OP = 'UPDATE' THEN OLD.last_sequence ELSE 0 END, NEW.last_sequence);
    RETURN NULL;
END $$;

CREATE FUNCTION witness.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO witness.change (what, op, row)
    VALUES (TG_TABLE_NAME, TG_OP, CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END);
    RETURN NULL;
END $$;

CREATE TRIGGER witness_said AFTER INSERT ON public.outbox FOR EACH ROW EXECUTE FUNCTION witness.note_said();
CREATE TRIGGER witness_heard AFTER INSERT OR UPDATE ON public.progress FOR EACH ROW EXECUTE FUNCTION witness.note_heard();
