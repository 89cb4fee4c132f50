-- Whether mail to the address reaches its member. They are asked by a link in a mail, or sign in with that address.
ALTER TABLE member
    ADD COLUMN verification_id uuid UNIQUE,             -- what they were last asked
    ADD COLUMN verification_asked_at timestamptz,
    ADD COLUMN address_verified_at timestamptz,
    ADD CHECK ((verification_id IS NULL) = (verification_asked_at IS NULL)),
    ADD CHECK (left_on IS NULL OR (verification_id IS NULL AND address_verified_at IS NULL));
