-- The team sees what went out, by event and by day.
DROP INDEX notice_of_event;
CREATE INDEX notice_of_event ON notice (event_id, state, number);
CREATE INDEX notice_outcome ON notice (wanted_at)
    WHERE state IN ('sent', 'failed', 'unknown', 'suppressed') AND template <> 'digest';
CREATE INDEX recipient_not_reached ON recipient (member_id) WHERE address_failed IS NOT NULL;
