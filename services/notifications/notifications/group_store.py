"""The SQL of groups: who is in which, as far as notices go by it."""

from uuid import UUID

import asyncpg

from chassis.database import Transaction


async def hold(tx: Transaction, group_id: UUID) -> bool:
    """The group, until the commit; says whether it is over. Whatever is told of it holds this before any recipient."""
    await tx.execute("INSERT INTO volunteer_group (group_id) VALUES ($1) ON CONFLICT DO NOTHING", group_id)
    is_over: bool = await tx.fetchval("SELECT is_over FROM volunteer_group WHERE group_id = $1 FOR UPDATE", group_id)
    return is_over


async def add(tx: Transaction, volunteering_id: UUID, group_id: UUID, member_id: UUID) -> None:
    """The caller holds the group and the recipient."""
    await tx.execute(
        "INSERT INTO volunteering (volunteering_id, group_id, member_id) VALUES ($1, $2, $3)",
        volunteering_id,
        group_id,
        member_id,
    )


async def remove(tx: Transaction, volunteering_id: UUID, *, is_over: bool) -> None:
    """Out of the group; with `is_over` since it has ended, and that they were in it is kept for a while."""
    if is_over:
        await tx.execute(
            """
            INSERT INTO was_in_group (volunteering_id, group_id, member_id, ended_at)
            SELECT volunteering_id, group_id, member_id, $2 FROM volunteering WHERE volunteering_id = $1""",
            volunteering_id,
            tx.now,
        )
    await tx.execute("DELETE FROM volunteering WHERE volunteering_id = $1", volunteering_id)


async def groups_of(tx: Transaction, member_id: UUID, *, most: int) -> list[asyncpg.Record]:
    """The groups that a member is in, with what they are called as far as that was said."""
    return await tx.fetch(
        """
        SELECT group_id, coalesce(door.title, group_name.title) AS title
        FROM volunteering LEFT JOIN door ON door_id = group_id LEFT JOIN group_name USING (group_id)
        WHERE member_id = $1 GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $2""",
        member_id,
        most,
    )


async def members(tx: Transaction, group_id: UUID, *, at_its_end: bool = False) -> list[UUID]:
    """Who is in a group, which the caller holds; with `at_its_end` also who was in it when it ended."""
    rows = await tx.fetch(
        """
        SELECT member_id FROM volunteering WHERE group_id = $1
        UNION SELECT member_id FROM was_in_group WHERE group_id = $1 AND $2""",
        group_id,
        at_its_end,
    )
    return [row["member_id"] for row in rows]


async def end(tx: Transaction, group_id: UUID) -> None:
    """Nobody is in it any more. The caller holds it."""
    await tx.execute("UPDATE volunteer_group SET is_over = true WHERE group_id = $1", group_id)
    await tx.execute(
        """
        WITH gone AS (DELETE FROM volunteering WHERE group_id = $1 RETURNING volunteering_id, group_id, member_id)
        INSERT INTO was_in_group (volunteering_id, group_id, member_id, ended_at) SELECT *, $2 FROM gone""",
        group_id,
        tx.now,
    )


async def take_out(tx: Transaction, member_id: UUID) -> None:
    """A leaver, out of every group. Their row is locked by the caller."""
    await tx.execute("DELETE FROM volunteering WHERE member_id = $1", member_id)
    await tx.execute("DELETE FROM was_in_group WHERE member_id = $1", member_id)
