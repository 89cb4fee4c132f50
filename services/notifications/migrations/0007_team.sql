-- The team sees what went out, by event and by day: counted in the indexes alone, since a large event is 10,000 rows.
DROP INDEX notice_of_event;
CREATE INDEX notice_of_event ON notice (event_id, state, number) INCLUDE (channel);
CREATE INDEX notice_outcome ON notice (wanted_at) INCLUDE (state, channel, sent_at)
    WHERE state IN ('sent', 'failed', 'unknown', 'suppressed') AND template <> 'digest';
