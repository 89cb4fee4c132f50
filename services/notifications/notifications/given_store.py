"""The SQL of what members were given."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg

from chassis.database import Transaction


class What(StrEnum):
    CHAMPION = "champion"
    SEAT = "seat"
    PLACE = "place"


@dataclass(frozen=True)
class Given:
    """`thing_id` is what ends: a term, a seat, an opportunity; `about_id` what its page is of."""

    what: What
    thing_id: UUID
    member_id: UUID
    about_id: UUID
    until: date | None = None


async def give(tx: Transaction, *given: Given) -> None:
    """To members whom the caller holds."""
    await tx.execute(
        """
        INSERT INTO given (what, thing_id, member_id, about_id, until)
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::date[])
        ON CONFLICT DO NOTHING""",
        [its.what for its in given],
        [its.thing_id for its in given],
        [its.member_id for its in given],
        [its.about_id for its in given],
        [its.until for its in given],
    )


async def take_back(tx: Transaction, what: What, thing_id: UUID, member_id: UUID | None = None) -> None:
    """From this member, or from everybody who has it."""
    await tx.execute(
        "DELETE FROM given WHERE what = $1 AND thing_id = $2 AND ($3::uuid IS NULL OR member_id = $3)",
        what,
        thing_id,
        member_id,
    )


async def of(tx: Transaction, member_id: UUID, *, most: int) -> list[asyncpg.Record]:
    """What a member has, with what it is called as far as that was said."""
    return await tx.fetch(
        """
        SELECT what, about_id, until, title FROM given LEFT JOIN door ON door_id = about_id
        WHERE member_id = $1 ORDER BY what, until, thing_id LIMIT $2""",
        member_id,
        most,
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """All that a leaver was given. Their row is locked by the caller."""
    await tx.execute("DELETE FROM given WHERE member_id = $1", member_id)
