"""The releases as they are out, and whom they count."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis.database import Transaction
from contracts.members import Grade
from members.places.grades import BANDS
from members.rights.restriction_store import NOT_RESTRICTED
from members.statistics.counting import Place
from members.statistics.diversity import Figures
from members.statistics.method import Method
from members.statistics.participation import Part

_DIVERSITY: TypeAdapter[dict[str, Figures]] = TypeAdapter(dict[str, Figures])
_PARTICIPATION: TypeAdapter[dict[str, dict[str, Part]]] = TypeAdapter(dict[str, dict[str, Part]])


@dataclass(frozen=True)
class Release:
    """`diversity` by characteristic, `participation` by measure and kind of row. `released_by` is an account."""

    release_id: UUID
    period: str
    counted_on: date
    questions_version: int
    diversity: Mapping[str, Figures]
    participation: Mapping[str, Mapping[str, Part]]
    released_at: datetime
    released_by: UUID
    method: Method | None  # None: made before that was kept


async def hold(tx: Transaction) -> None:
    """Until the transaction ends nobody else releases; anybody may read. It may think for longer than others."""
    await tx.execute("SELECT set_config('idle_in_transaction_session_timeout', '60s', true)")
    await tx.execute("LOCK TABLE statistics_release IN SHARE ROW EXCLUSIVE MODE")


async def newest(tx: Transaction) -> Release | None:
    row = await tx.fetchrow(f"{_RELEASE} ORDER BY period DESC LIMIT 1")
    return _release(row) if row else None


async def of_period(tx: Transaction, period: str) -> Release | None:
    row = await tx.fetchrow(f"{_RELEASE} WHERE period = $1", period)
    return _release(row) if row else None


async def periods(tx: Transaction, before: str | None, limit: int) -> list[tuple[str, date]]:
    """Which releases there are, and of which day; the newest first."""
    rows = await tx.fetch(
        """
        SELECT period, counted_on FROM statistics_release WHERE $1::text IS NULL OR period < $1
        ORDER BY period DESC LIMIT $2""",
        before,
        limit,
    )
    return [(row["period"], row["counted_on"]) for row in rows]


async def add(tx: Transaction, its: Release) -> None:
    await tx.execute(
        """
        INSERT INTO statistics_release (release_id, period, counted_on, questions_version, diversity, participation,
            released_at, released_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        its.release_id,
        its.period,
        its.counted_on,
        its.questions_version,
        _DIVERSITY.dump_json(dict(its.diversity)).decode(),
        _PARTICIPATION.dump_json({name: dict(parts) for name, parts in its.participation.items()}).decode(),
        its.released_at,
        its.released_by,
    )
    if its.method is not None:
        await tx.execute(
            """
            INSERT INTO statistics_method (period, version, threshold, special_threshold, population)
            VALUES ($1, $2, $3, $4, $5)""",
            its.period,
            *astuple(its.method),
        )


async def counted(tx: Transaction) -> dict[UUID, Place]:
    """Where everybody is who is counted: who is present and not restricted."""
    rows = await tx.fetch(
        f"SELECT member_id, organisation, grade FROM member WHERE left_on IS NULL AND {NOT_RESTRICTED}"  # noqa: S608 (ours)
    )
    return {row["member_id"]: _place(row) for row in rows}


async def joined_between(tx: Transaction, first: date, last: date) -> list[Place]:
    """Where those are, or were, who joined on one of these days."""
    sql = f"SELECT organisation, grade FROM member WHERE joined_on BETWEEN $1 AND $2 AND {NOT_RESTRICTED}"  # noqa: S608 (ours)
    return [_place(row) for row in await tx.fetch(sql, first, last)]


async def left_between(tx: Transaction, first: date, last: date) -> list[Place]:
    sql = "SELECT organisation, grade FROM member WHERE left_on BETWEEN $1 AND $2"
    return [_place(row) for row in await tx.fetch(sql, first, last)]


_RELEASE = """
    SELECT release_id, period, counted_on, questions_version, diversity, participation, released_at, released_by,
        version, threshold, special_threshold, population
    FROM statistics_release LEFT JOIN statistics_method USING (period)"""


def _place(row: asyncpg.Record) -> Place:
    return (row["organisation"], BANDS[Grade(row["grade"])].value)


def _release(row: asyncpg.Record) -> Release:
    its = dict(row)
    limits = {name: its.pop(name) for name in ("version", "threshold", "special_threshold", "population")}
    read = {
        "diversity": _DIVERSITY.validate_json(row["diversity"]),
        "participation": _PARTICIPATION.validate_json(row["participation"]),
        "method": None if limits["version"] is None else Method(**limits),
    }
    return Release(**{**its, **read})
