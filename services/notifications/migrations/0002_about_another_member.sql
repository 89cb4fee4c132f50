-- A notice may be about another member, whose name and address it tells: an introduction. It waits for both addresses.
ALTER TABLE notice ADD COLUMN about_member_id uuid REFERENCES recipient;
CREATE INDEX notice_unsent_about ON notice (about_member_id) WHERE state IN ('waiting', 'due');

-- The pair that an introduction is of, so that its end finds what has not gone out.
ALTER TABLE notice ADD COLUMN pair_id uuid;
CREATE INDEX notice_unsent_of_pair ON notice (pair_id) WHERE state IN ('waiting', 'due');
