"""The tables of the strategy: its versions, the commitments as they stand, and the reports on them."""

from dataclasses import astuple
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis import paging
from chassis.database import Transaction
from members.strategy.commitments import Commitment, Course, Progress
from members.strategy.strategies import Draft, Strategy, Theme

_THEMES: Final = TypeAdapter(tuple[Theme, ...])


async def hold(tx: Transaction) -> None:
    """Until the transaction ends nobody else publishes; anybody may read."""
    await tx.execute("LOCK TABLE strategy IN SHARE ROW EXCLUSIVE MODE")


async def in_force(tx: Transaction) -> Strategy | None:
    row = await tx.fetchrow("SELECT * FROM strategy ORDER BY version DESC LIMIT 1")
    return _strategy(row) if row else None


async def version(tx: Transaction, number: int) -> Strategy | None:
    row = await tx.fetchrow("SELECT * FROM strategy WHERE version = $1", number)
    return _strategy(row) if row else None


async def versions(tx: Transaction, *, before: int | None, most: int) -> list[Strategy]:
    """The newest first."""
    rows = await tx.fetch(
        "SELECT * FROM strategy WHERE $1::integer IS NULL OR version < $1 ORDER BY version DESC LIMIT $2", before, most
    )
    return [_strategy(row) for row in rows]


async def add(tx: Transaction, its: Strategy) -> None:
    await tx.execute(
        """
        INSERT INTO strategy (version, strategy_id, title, summary, link, mission, themes, published_by, published_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        its.version,
        its.strategy_id,
        its.words.title,
        its.words.summary,
        its.words.link,
        its.words.mission,
        _THEMES.dump_json(its.words.themes).decode(),
        its.published_by,
        its.published_at,
    )


async def every(tx: Transaction) -> list[Commitment]:
    """All that there ever were, some hundreds, by their day."""
    return [_commitment(row) for row in await tx.fetch(f"{_COMMITMENT} ORDER BY due_on, commitment_id")]


async def hold_every(tx: Transaction) -> dict[UUID, Commitment]:
    """The same, held until the transaction ends."""
    rows = await tx.fetch(f"{_COMMITMENT} ORDER BY commitment_id FOR UPDATE")
    return {row["commitment_id"]: _commitment(row) for row in rows}


async def by_id(tx: Transaction, commitment_id: UUID) -> Commitment | None:
    row = await tx.fetchrow(f"{_COMMITMENT} WHERE commitment_id = $1", commitment_id)
    return _commitment(row) if row else None


async def lock(tx: Transaction, commitment_id: UUID) -> Commitment | None:
    """A commitment, held until the transaction ends."""
    row = await tx.fetchrow(f"{_COMMITMENT} WHERE commitment_id = $1 FOR UPDATE", commitment_id)
    return _commitment(row) if row else None


async def take_overdue(tx: Transaction, today: date) -> list[Commitment]:
    """Some whose day has ended and of which that was not said, which no other replica has in hand; held."""
    rows = await tx.fetch(
        f"""
        {_COMMITMENT}
        WHERE due_on < $1 AND completed_on IS NULL AND overdue_at IS NULL AND dropped_at IS NULL
        ORDER BY due_on, commitment_id LIMIT 100 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return [_commitment(row) for row in rows]


async def save(tx: Transaction, *commitments: Commitment) -> None:
    """Keep them as they stand, new ones too."""
    for its in commitments:
        await tx.execute(
            """
            INSERT INTO commitment (commitment_id, title, summary, owner, measure, due_on, made_in, course, percent,
                completed_on, completed_at, completed_by, overdue_at, dropped_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (commitment_id) DO UPDATE SET title = $2, summary = $3, owner = $4, measure = $5, due_on = $6,
                course = $8, percent = $9, completed_on = $10, completed_at = $11, completed_by = $12,
                overdue_at = $13, dropped_at = $14""",
            *astuple(its),
        )


async def add_progress(tx: Transaction, its: Progress) -> None:
    await tx.execute(
        """
        INSERT INTO commitment_progress (progress_id, commitment_id, course, percent, summary, reported_on,
            reported_at, reported_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *astuple(its),
    )


async def progress_of(tx: Transaction, commitment_id: UUID, *, after: UUID | None, most: int) -> list[Progress]:
    """The reports on a commitment, the newest first, from behind `after` on."""
    await paging.begin_behind(tx, "SELECT FROM commitment_progress WHERE progress_id = $1", after)
    rows = await tx.fetch(
        """
        SELECT progress_id, commitment_id, course, percent, summary, reported_on, reported_at, reported_by
        FROM commitment_progress
        WHERE commitment_id = $1 AND ($2::uuid IS NULL OR (reported_at, progress_id) <
            (SELECT reported_at, progress_id FROM commitment_progress WHERE progress_id = $2))
        ORDER BY reported_at DESC, progress_id DESC LIMIT $3""",
        commitment_id,
        after,
        most,
    )
    return [Progress(**{**row, "course": Course(row["course"])}) for row in rows]


_COMMITMENT = """
    SELECT commitment_id, title, summary, owner, measure, due_on, made_in, course, percent, completed_on, completed_at,
        completed_by, overdue_at, dropped_at
    FROM commitment"""


def _strategy(row: asyncpg.Record) -> Strategy:
    words = Draft(row["title"], row["summary"], row["link"], row["mission"], _THEMES.validate_json(row["themes"]))
    return Strategy(row["strategy_id"], row["version"], words, row["published_by"], row["published_at"])


def _commitment(row: asyncpg.Record) -> Commitment:
    return Commitment(**{**row, "course": Course(row["course"]) if row["course"] else None})
