"""The tables of open doors: every statement, named for its meaning."""

from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from chassis.database import Transaction

SEAT, QUESTION, GROUP = "seat", "question", "group"
NOT_APPLIED_FOR: Final = (SEAT, QUESTION, GROUP)  # every other kind is an opportunity's


@dataclass(frozen=True)
class Door:
    """Something that members may do. `ends_on`: its last day, in words; `grades`: who may, where not all may."""

    door_id: UUID
    kind: str
    title: str
    summary: str | None = None
    closes_at: datetime | None = None
    ends_on: date | None = None
    grades: list[str] | None = None


async def keep(tx: Transaction, its: Door) -> None:
    await tx.execute(
        """
        INSERT INTO door (door_id, kind, title, summary, closes_at, ends_on, grades) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (door_id) DO UPDATE SET title = excluded.title""",
        *astuple(its),
    )


async def extend(tx: Transaction, door_id: UUID, ends_on: date) -> None:
    await tx.execute("UPDATE door SET ends_on = $2 WHERE door_id = $1", door_id, ends_on)


async def shut(tx: Transaction, door_id: UUID) -> None:
    await tx.execute("DELETE FROM door WHERE door_id = $1", door_id)


async def keep_name(tx: Transaction, group_id: UUID, title: str) -> None:
    await tx.execute("INSERT INTO group_name (group_id, title) VALUES ($1, $2) ON CONFLICT DO NOTHING", group_id, title)


async def keep_term(tx: Transaction, term_id: UUID, theme_id: UUID, *, is_over: bool) -> None:
    await tx.execute(
        """
        INSERT INTO theme_term (term_id, theme_id, is_over) VALUES ($1, $2, $3)
        ON CONFLICT (term_id) DO UPDATE SET is_over = excluded.is_over""",
        term_id,
        theme_id,
        is_over,
    )


async def to_apply_for(tx: Transaction, now: datetime, grade: str | None, *, most: int) -> list[Door]:
    """Opportunities that this grade may apply for, what closes first coming first; without a grade all."""
    rows = await tx.fetch(
        f"""
        {_DOOR} WHERE kind <> ALL($1::text[]) AND closes_at > $2
            AND ($3::text IS NULL OR grades IS NULL OR $3 = ANY(grades))
        ORDER BY closes_at, title, door_id LIMIT $4""",
        NOT_APPLIED_FOR,
        now,
        grade,
        most,
    )
    return [Door(**row) for row in rows]


async def closed_to(tx: Transaction, now: datetime, grade: str | None) -> int:
    """How many opportunities are open, but not to this grade."""
    number: int = await tx.fetchval(
        "SELECT count(*) FROM door WHERE kind <> ALL($1::text[]) AND closes_at > $2 AND $3 <> ALL(grades)",
        NOT_APPLIED_FOR,
        now,
        grade,
    )
    return number


async def open_of(tx: Transaction, kind: str, now: datetime, *, most: int) -> list[Door]:
    """Seats or questions, what closes first coming first."""
    rows = await tx.fetch(
        f"""
        {_DOOR} WHERE kind = $1 AND (closes_at IS NULL OR closes_at > $2)
        ORDER BY closes_at, title, door_id LIMIT $3""",
        kind,
        now,
        most,
    )
    return [Door(**row) for row in rows]


async def groups_to_join(tx: Transaction, member_id: UUID | None, *, most: int) -> list[Door]:
    """Those that the member is not in, what ends first coming first; without a member all."""
    rows = await tx.fetch(
        f"""
        {_DOOR} WHERE kind = '{GROUP}' AND NOT EXISTS (
            SELECT FROM volunteering WHERE group_id = door_id AND member_id = $1)
        ORDER BY ends_on, title, door_id LIMIT $2""",
        member_id,
        most,
    )
    return [Door(**row) for row in rows]


async def themes_without_champion(tx: Transaction) -> int:
    """How many had one, and have none."""
    number: int = await tx.fetchval(
        "SELECT count(*) FROM (SELECT FROM theme_term GROUP BY theme_id HAVING bool_and(is_over)) AS theme"
    )
    return number


_DOOR = "SELECT door_id, kind, title, summary, closes_at, ends_on, grades FROM door"
