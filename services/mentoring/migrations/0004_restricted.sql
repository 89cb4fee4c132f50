-- Whoever is restricted is in no pool; their pairs go on.
ALTER TABLE profile ADD COLUMN restricted boolean NOT NULL DEFAULT false;
