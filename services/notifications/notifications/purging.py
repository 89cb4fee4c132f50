"""The words of messages are kept for some days, notices without their words for some more.

Who was in a group when it ended is kept for `GROUP_DAYS`: what is said of it at its end comes within those.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from chassis.database import Database

AT_ONCE: Final = 1000
GROUP_DAYS: Final = 30


def purging(body_days: int, notice_days: int) -> Callable[[Database], Awaitable[int]]:
    """What a timer calls: it deletes some of what is kept too long, and gives how many rows.

    Words go before their notice, never with it: two replicas would wait for each other.
    """

    async def purge(database: Database) -> int:
        async with database.transaction() as tx:
            bodies = await tx.execute(
                """
                DELETE FROM notice_body WHERE notice_id IN (
                    SELECT notice_id FROM notice_body WHERE kept_from <= $1
                    ORDER BY kept_from LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                tx.now - timedelta(days=body_days),
                AT_ONCE,
            )
            notices = await tx.execute(
                """
                DELETE FROM notice WHERE notice_id IN (
                    SELECT notice_id FROM notice
                    WHERE state IN ('sent', 'failed', 'unknown', 'suppressed', 'cancelled') AND created_at <= $1
                        AND NOT EXISTS (SELECT FROM notice item WHERE item.digest_id = notice.notice_id)
                        AND NOT EXISTS (SELECT FROM notice_body WHERE notice_body.notice_id = notice.notice_id)
                    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                tx.now - timedelta(days=notice_days),
                AT_ONCE,
            )
            occasions = await tx.execute(
                """
                DELETE FROM occasion WHERE event_id IN (
                    SELECT event_id FROM occasion
                    WHERE heard_at <= $1 AND NOT EXISTS (SELECT FROM notice WHERE notice.event_id = occasion.event_id)
                    ORDER BY heard_at LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                tx.now - timedelta(days=notice_days),
                AT_ONCE,
            )
            groups = await tx.execute(
                """
                DELETE FROM was_in_group WHERE volunteering_id IN (
                    SELECT volunteering_id FROM was_in_group WHERE ended_at <= $1
                    ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                tx.now - timedelta(days=GROUP_DAYS),
                AT_ONCE,
            )
        return sum(int(tag.split()[-1]) for tag in (bodies, notices, occasions, groups))

    return purge
