"""The SQL of a member's inbox: what they were told or are to be told soon, and what of it they have read."""

from uuid import UUID

import asyncpg

from chassis.database import Transaction
from notifications.store import FACTS


async def newest(tx: Transaction, member_id: UUID, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """What a member was told or is to be told soon, newest first, without what has no words yet."""
    return await tx.fetch(
        f"{_TOLD} AND number < coalesce($3, 9223372036854775807) ORDER BY number DESC LIMIT $4",
        member_id,
        tx.now,
        before,
        limit,
    )


async def one(tx: Transaction, member_id: UUID, notice_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(f"{_TOLD} AND notice_id = $3", member_id, tx.now, notice_id)


async def count_unread(tx: Transaction, member_id: UUID) -> int:
    """What went out to a member and was not opened."""
    number: int = await tx.fetchval(
        """
        SELECT count(*) FROM notice
        WHERE member_id = $1 AND state = 'sent' AND in_inbox AND read_at IS NULL AND template <> 'digest'""",
        member_id,
    )
    return number


async def mark_read(tx: Transaction, member_id: UUID, notice_id: UUID) -> bool:
    """The member has opened it; False when there is no such notice to them. The first time counts."""
    tag = await tx.execute(
        "UPDATE notice SET read_at = coalesce(read_at, $3) WHERE member_id = $1 AND notice_id = $2",
        member_id,
        notice_id,
        tx.now,
    )
    return tag == "UPDATE 1"


_TOLD = f"""
    SELECT number, notice_id, category, template, template_version, state, reason, channel, created_at, due_at,
        sent_at, read_at, notice.hosted_event_id, notice_body.text, {FACTS} AS facts,
        (SELECT other.name FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_name,
        (SELECT other.email FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_email
    FROM notice LEFT JOIN occasion USING (event_id) LEFT JOIN notice_body USING (notice_id)
    WHERE member_id = $1 AND in_inbox AND template <> 'digest' AND state NOT IN ('cancelled', 'suppressed')
        AND (state NOT IN ('due', 'waiting') OR attempts > 0 OR due_at <= $2) AND NOT EXISTS (
            SELECT FROM hosted_event WHERE hosted_event.hosted_event_id = notice.hosted_event_id AND title IS NULL)"""  # noqa: S608 (parts of ours)
