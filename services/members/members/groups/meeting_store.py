"""The table of meetings."""

from dataclasses import astuple
from uuid import UUID

from chassis import paging
from chassis.database import Transaction
from members.groups.meetings import Meeting


async def save(tx: Transaction, *meetings: Meeting) -> None:
    """Keep them as they are now, new ones too."""
    for its in meetings:
        await tx.execute(
            """
            INSERT INTO group_meeting (meeting_id, group_id, title, place, starts_at, ends_at, scheduled_at,
                scheduled_by, agenda, agenda_at, agenda_by, notes, notes_at, notes_by, changes, changed_at, changed_by,
                cancelled_at, cancelled_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            ON CONFLICT (meeting_id) DO UPDATE SET place = $4, starts_at = $5, ends_at = $6, agenda = $9,
                agenda_at = $10, agenda_by = $11, notes = $12, notes_at = $13, notes_by = $14, changes = $15,
                changed_at = $16, changed_by = $17, cancelled_at = $18, cancelled_by = $19""",
            *astuple(its),
        )


async def by_id(tx: Transaction, group_id: UUID, meeting_id: UUID) -> Meeting | None:
    row = await tx.fetchrow(f"{_MEETING} WHERE meeting_id = $1 AND group_id = $2", meeting_id, group_id)
    return Meeting(**row) if row else None


async def lock(tx: Transaction, group_id: UUID, meeting_id: UUID) -> Meeting | None:
    """A meeting that nobody else changes until the transaction ends."""
    row = await tx.fetchrow(f"{_MEETING} WHERE meeting_id = $1 AND group_id = $2 FOR UPDATE", meeting_id, group_id)
    return Meeting(**row) if row else None


async def lock_to_come(tx: Transaction, group_id: UUID) -> list[Meeting]:
    """Those of a group, which the caller has locked, that have not begun and are not cancelled; held."""
    rows = await tx.fetch(
        f"""
        {_MEETING} WHERE group_id = $1 AND starts_at > $2 AND cancelled_at IS NULL ORDER BY meeting_id FOR UPDATE""",
        group_id,
        tx.now,
    )
    return [Meeting(**row) for row in rows]


async def some(tx: Transaction, group_id: UUID, *, after: UUID | None, most: int) -> list[Meeting]:
    """Of a group, the latest start first."""
    await paging.begin_behind(tx, "SELECT FROM group_meeting WHERE meeting_id = $1", after)
    rows = await tx.fetch(
        f"""
        {_MEETING}
        WHERE group_id = $1 AND ($2::uuid IS NULL OR (starts_at, meeting_id) < (
            SELECT starts_at, meeting_id FROM group_meeting WHERE meeting_id = $2))
        ORDER BY starts_at DESC, meeting_id DESC LIMIT $3""",  # noqa: S608 - columns of ours
        group_id,
        after,
        most,
    )
    return [Meeting(**row) for row in rows]


_MEETING = """
    SELECT meeting_id, group_id, title, place, starts_at, ends_at, scheduled_at, scheduled_by, agenda, agenda_at,
        agenda_by, notes, notes_at, notes_by, changes, changed_at, changed_by, cancelled_at, cancelled_by
    FROM group_meeting"""
