"""What is kept of task groups beside the group: what they deliver, their later last days, and how they end."""

from dataclasses import astuple
from datetime import date
from uuid import UUID

from chassis.database import Transaction
from members.groups.group_store import GROUP, read_group
from members.groups.task_groups import Deliverable, Extension
from members.groups.volunteering import Group


async def lock(tx: Transaction, group_id: UUID) -> Group | None:
    """A group, with what it is to deliver; nobody else changes it until the transaction ends."""
    row = await tx.fetchrow(f"{GROUP} WHERE group_id = $1 FOR UPDATE", group_id)
    return read_group(row) if row else None


async def take_at_the_end(tx: Transaction, today: date) -> Group | None:
    """One whose last day has ended and that is to disband or to be flagged, which no other replica has; held."""
    row = await tx.fetchrow(
        f"""
        {GROUP}
        WHERE ends_on < $1 AND disbanded_at IS NULL AND (flagged_at IS NULL OR NOT EXISTS
            (SELECT FROM deliverable WHERE deliverable.group_id = profession_group.group_id AND met_at IS NULL))
        ORDER BY ends_on, group_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return read_group(row) if row else None


async def save(tx: Transaction, its: Group) -> None:
    """Keep its last day, its flag and its end."""
    await tx.execute(
        """
        UPDATE profession_group SET ends_on = $2, flagged_at = $3, disbanded_at = $4, disbanded_by = $5,
            disbanded_for = $6
        WHERE group_id = $1""",
        its.group_id,
        its.ends_on,
        its.flagged_at,
        its.disbanded_at,
        its.disbanded_by,
        its.disbanded_for,
    )


async def let_all_go(tx: Transaction, its: Group) -> None:
    """Nobody is in a group that has disbanded. The caller holds it."""
    await tx.execute(
        """
        UPDATE volunteering SET left_at = $2, left_by = $3, skills = '{}'
        WHERE group_id = $1 AND left_at IS NULL""",
        its.group_id,
        its.disbanded_at,
        its.disbanded_by,
    )


async def deliverables(tx: Transaction, group_id: UUID) -> list[Deliverable]:
    """As they stand in the charter; twenty at most."""
    rows = await tx.fetch(
        """
        SELECT deliverable_id, group_id, place, title, met_at, met_by
        FROM deliverable WHERE group_id = $1 ORDER BY place""",
        group_id,
    )
    return [Deliverable(**row) for row in rows]


async def save_deliverables(tx: Transaction, *deliverables: Deliverable) -> None:
    """Keep them as they are now, new ones too."""
    for its in deliverables:
        await tx.execute(
            """
            INSERT INTO deliverable (deliverable_id, group_id, place, title, met_at, met_by)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (deliverable_id) DO UPDATE SET met_at = $5, met_by = $6""",
            *astuple(its),
        )


async def add_extension(tx: Transaction, its: Extension) -> None:
    await tx.execute(
        """
        INSERT INTO group_extension (group_id, ended_on, ends_on, reason, extended_at, extended_by)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        *astuple(its),
    )


async def extensions(tx: Transaction, group_id: UUID, *, before: date | None, most: int) -> list[Extension]:
    """The latest first: those that gave a last day before this one."""
    rows = await tx.fetch(
        """
        SELECT group_id, ended_on, ends_on, reason, extended_at, extended_by
        FROM group_extension WHERE group_id = $1 AND ($2::date IS NULL OR ends_on < $2)
        ORDER BY ends_on DESC LIMIT $3""",
        group_id,
        before,
        most,
    )
    return [Extension(**row) for row in rows]
