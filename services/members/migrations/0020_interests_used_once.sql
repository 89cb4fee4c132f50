-- Who is chosen for the Shadow Board is appointed once; for another term they apply again.
ALTER TABLE interest ADD COLUMN used_at timestamptz;
UPDATE interest SET used_at = term.appointed_at
FROM opportunity, (SELECT member_id, max(appointed_at) AS appointed_at FROM shadow_board_term GROUP BY member_id) term
WHERE opportunity.opportunity_id = interest.opportunity_id AND kind = 'shadow-board' AND state = 'chosen'
    AND term.member_id = interest.member_id AND term.appointed_at >= interest.changed_at;
