"""The table of contacts that were taken back from the compacted stream, until that was said often enough."""

from uuid import UUID

from chassis.database import Transaction


async def add(tx: Transaction, member_id: UUID) -> None:
    """A tombstone is said in this transaction; the counting begins, anew for one who left and is now erased."""
    await tx.execute(
        """
        INSERT INTO withdrawn_contact (member_id) VALUES ($1)
        ON CONFLICT (member_id) DO UPDATE SET withdrawn_at = now(), said_again = 0""",
        member_id,
    )


async def count_due(tx: Transaction, hours: float) -> list[UUID]:
    """Those whose next `hours` of wall time are over, counted as said once more; no other replica gives them."""
    rows = await tx.fetch(
        """
        WITH due AS MATERIALIZED (
            SELECT member_id FROM withdrawn_contact
            WHERE withdrawn_at + (said_again + 1) * make_interval(secs => $1 * 3600) <= now()
            ORDER BY member_id LIMIT 100 FOR UPDATE SKIP LOCKED
        )
        UPDATE withdrawn_contact SET said_again = said_again + 1 FROM due
        WHERE withdrawn_contact.member_id = due.member_id
        RETURNING withdrawn_contact.member_id""",
        hours,
    )
    return [row["member_id"] for row in rows]


async def forget_done(tx: Transaction, times: int) -> None:
    """Those that were said again so many times."""
    await tx.execute("DELETE FROM withdrawn_contact WHERE said_again >= $1", times)
