"""Digests: what was gathered for a member goes out in one message, on the morning that they chose.

A digest is a notice of its own: it is claimed, sent and settled as any other, and what it holds shares its fate.
However many mornings were missed, what was gathered for them comes in one.
"""

from chassis import outbox
from chassis.database import Database, Transaction
from contracts.notifications import NotificationSuppressed
from notifications.deciding import TOO_LATE
from notifications.domain import DIGEST

MEMBERS_AT_ONCE = 200


async def make(database: Database) -> int:
    """Make the digests of some members for whom one is due; gives how many. Each once, by whichever replica comes."""
    async with database.transaction() as tx:
        stale = await _suppress_stale(tx)
        made = await _make(tx)
        if stale:
            await outbox.put(tx, *stale)
    return made


async def _suppress_stale(tx: Transaction) -> list[NotificationSuppressed]:
    """What tells nothing any more on the morning of its digest."""
    rows = await tx.fetch(
        """
        WITH stale AS MATERIALIZED (
            SELECT notice_id FROM notice
            WHERE state = 'gathered' AND digest_id IS NULL AND due_at <= $1 AND useful_until <= $1
            ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        UPDATE notice SET state = 'suppressed', reason = $2 FROM stale WHERE notice.notice_id = stale.notice_id
        RETURNING notice.notice_id, member_id, category""",
        tx.now,
        TOO_LATE,
        MEMBERS_AT_ONCE,
    )
    return [NotificationSuppressed(**row, reason=TOO_LATE, suppressed_at=tx.now) for row in rows]


async def _make(tx: Transaction) -> int:
    """A member's row is held while their digest is made, so that two replicas make none twice."""
    tag = await tx.execute(
        """
        WITH asked AS MATERIALIZED (
            SELECT DISTINCT member_id FROM notice
            WHERE state = 'gathered' AND digest_id IS NULL AND due_at <= $1 AND (useful_until > $1) IS NOT FALSE
            LIMIT $2
        ), held AS MATERIALIZED (
            SELECT member_id FROM recipient WHERE member_id IN (SELECT member_id FROM asked)
            ORDER BY member_id FOR UPDATE SKIP LOCKED
        ), made AS (
            INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
                due_at, wanted_at, in_inbox)
            SELECT id, member_id, id, $3, $4, $5, 'due', $1, $1, $1, false
            FROM (SELECT member_id, gen_random_uuid() AS id FROM held) AS its
            RETURNING notice_id, member_id
        ), gathered AS (
            UPDATE notice SET digest_id = made.notice_id FROM made
            WHERE notice.member_id = made.member_id AND state = 'gathered' AND digest_id IS NULL AND due_at <= $1
                AND (useful_until > $1) IS NOT FALSE
        )
        SELECT FROM made""",
        tx.now,
        MEMBERS_AT_ONCE,
        DIGEST.category,
        DIGEST.name,
        DIGEST.version,
    )
    return int(tag.split()[-1])
