-- A large group's volunteers are read a page at a time, in the order of their joining.
CREATE INDEX volunteering_in_order ON volunteering (group_id, joined_at, volunteering_id) WHERE left_at IS NULL;
