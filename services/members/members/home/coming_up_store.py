"""The table of what is coming: every statement, named for its meaning."""

from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction


@dataclass(frozen=True)
class ComingUp:
    """A published event, or a key date, which has no place."""

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None


async def keep(tx: Transaction, its: ComingUp) -> None:
    await tx.execute(
        """
        INSERT INTO coming_up (id, title, starts_at, ends_at, place) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE
        SET title = excluded.title, starts_at = excluded.starts_at, ends_at = excluded.ends_at, place = excluded.place
        """,
        *astuple(its),
    )


async def drop(tx: Transaction, identity: UUID) -> None:
    await tx.execute("DELETE FROM coming_up WHERE id = $1", identity)


async def next_ones(tx: Transaction, now: datetime, *, most: int) -> list[ComingUp]:
    """The next ones that are not over. What has begun counts as now; of those, what ends first comes first."""
    rows = await tx.fetch(
        """
        SELECT id, title, starts_at, ends_at, place FROM coming_up WHERE ends_at > $1
        ORDER BY greatest(starts_at, $1), ends_at, title, id LIMIT $2
        """,
        now,
        most,
    )
    return [ComingUp(**row) for row in rows]
