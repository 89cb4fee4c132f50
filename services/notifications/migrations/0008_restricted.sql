-- Whoever is restricted gets what is critical and nothing else.
ALTER TABLE recipient ADD COLUMN restricted boolean NOT NULL DEFAULT false;
