-- By which id a provider knows the message, to be named when asking its people.
ALTER TABLE notice ADD COLUMN provider_id uuid;

-- What is asked about at a provider.
CREATE INDEX notice_to_ask_about ON notice (begun_at) WHERE state = 'unknown' AND channel = 'notify';
