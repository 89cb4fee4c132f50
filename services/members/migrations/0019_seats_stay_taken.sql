-- A seat is taken, for everybody, from the day of an appointment to the day that was said then. Who has it meanwhile, and
-- whether anybody has, is for the team: a seat that became free within moments of a departure would say who left it.
ALTER TABLE shadow_board_seat
    ADD COLUMN taken_from  date,    -- null: it is free
    ADD COLUMN taken_until date,    -- its last day, in London
    ADD CHECK ((taken_from IS NULL) = (taken_until IS NULL) AND taken_from <= taken_until);
ALTER TABLE shadow_board_term ADD COLUMN ended_by uuid;  -- an account; null: its last day ended, or its holder is gone

UPDATE shadow_board_seat seat SET taken_from = starts_on, taken_until = ends_on
FROM shadow_board_term term WHERE term.seat_id = seat.seat_id AND ended_at IS NULL;
UPDATE shadow_board_term SET ended_at = now(), ended_on = least(ends_on, (now() AT TIME ZONE 'Europe/London')::date)
WHERE member_id IS NULL AND ended_at IS NULL;
