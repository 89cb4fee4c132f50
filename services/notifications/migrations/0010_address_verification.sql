-- The verification of the address that a recipient has, while members waits for it to be confirmed.
ALTER TABLE recipient ADD COLUMN verification_id uuid,
    ADD CHECK (verification_id IS NULL OR email IS NOT NULL);
