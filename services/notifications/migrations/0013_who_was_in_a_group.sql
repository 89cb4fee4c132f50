-- Who was in a group when it ended, for thirty days: a cancelled meeting of it may be heard of after its end.
CREATE TABLE was_in_group (
    volunteering_id uuid PRIMARY KEY,
    group_id        uuid NOT NULL REFERENCES volunteer_group,
    member_id       uuid NOT NULL REFERENCES recipient,
    ended_at        timestamptz NOT NULL
);
CREATE INDEX was_in_group_by_group ON was_in_group (group_id, member_id);
CREATE INDEX was_in_group_of ON was_in_group (member_id);
CREATE INDEX was_in_group_to_forget ON was_in_group (ended_at);
