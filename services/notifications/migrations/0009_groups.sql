-- Groups and who is in them, as far as notices go by it. A volunteer's row goes when they leave, or the group disbands.
CREATE TABLE volunteer_group (
    group_id uuid PRIMARY KEY,
    is_over  boolean NOT NULL DEFAULT false
);

CREATE TABLE volunteering (
    volunteering_id uuid PRIMARY KEY,
    group_id        uuid NOT NULL REFERENCES volunteer_group,
    member_id       uuid NOT NULL REFERENCES recipient
);
CREATE INDEX volunteering_in ON volunteering (group_id, member_id);
CREATE INDEX volunteering_of ON volunteering (member_id);
