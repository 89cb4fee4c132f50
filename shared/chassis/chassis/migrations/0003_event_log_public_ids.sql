-- Most events are not public: an index of those that are spares the others an entry.
DROP INDEX event_log_by_public_id;
CREATE INDEX event_log_by_public_id ON event_log (public_id) WHERE public_id IS NOT NULL;
