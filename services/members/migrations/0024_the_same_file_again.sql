-- The same file again changes nothing, though somebody in it has left or is at another address now.
ALTER TABLE import ADD COLUMN mark bytea;  -- of the whole file, under a key that is not here
CREATE INDEX import_by_mark ON import (mark) WHERE mark IS NOT NULL;
ALTER TABLE import_row DROP CONSTRAINT import_row_outcome_check,
    ADD CONSTRAINT import_row_outcome_check
        CHECK (outcome IN ('joined', 'already-a-member', 'refused', 'transferred', 'taken-before'));
