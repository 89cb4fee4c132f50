-- Whether mail to the address reaches its member. They are asked by a link in a mail, or sign in with that address.
ALTER TABLE member
    ADD COLUMN verification_id uuid UNIQUE,             -- what they were last asked
    ADD COLUMN verification_asked_at timestamptz,
    ADD COLUMN address_verified_at timestamptz,
    ADD CHECK ((verification_id IS NULL) = (verification_asked_at IS NULL)),
    ADD CHECK (left_on IS NULL OR (verification_id IS NULL AND address_verified_at IS NULL));

-- A name as it is searched and compared: without marks above letters, without apostrophes, in lower case, hyphens as
-- blanks. At 10,000 members a look through all of them takes some 20 ms, so that no index of parts of words is needed.
CREATE FUNCTION search_key(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(btrim(regexp_replace(
        regexp_replace(normalize($1, NFKD), '[\u0300-\u036f''’‘`.]', '', 'g'), '[\s\u2010-\u2015-]+', ' ', 'g')));
ALTER TABLE member ADD COLUMN search_name text GENERATED ALWAYS AS (search_key(name)) STORED;
