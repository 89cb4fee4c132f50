"""The tables of imports: what was sent, until it is done, and what became of each row, for good."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from contracts.refusal import FieldError
from members.imports.file import Row

Outcome = Literal["joined", "already-a-member", "refused", "transferred", "taken-before"]


@dataclass(frozen=True)
class Import:
    import_id: UUID
    account_id: UUID  # who sent it
    organisation: str | None  # set: rows of this organisation only
    done: bool


@dataclass(frozen=True)
class Settled:
    """What became of one row."""

    line: int
    outcome: Outcome
    member_id: UUID | None = None
    errors: tuple[FieldError, ...] = ()


async def begin(
    tx: Transaction,
    import_id: UUID,
    *,
    account_id: UUID,
    organisation: str | None,
    rows: Sequence[Row],
    mark: bytes | None = None,
) -> None:
    """Keeps the file; what does not fit its header is refused at once. By its `mark` the same file is known again."""
    await tx.execute(
        "INSERT INTO import (import_id, account_id, organisation, begun_at, mark) VALUES ($1, $2, $3, $4, $5)",
        import_id,
        account_id,
        organisation,
        tx.now,
        mark,
    )
    await tx.execute(
        """
        INSERT INTO import_row (import_id, line, cells, outcome, errors)
        SELECT $1, line, cells::jsonb, CASE WHEN cells IS NULL THEN 'refused' END,
            CASE WHEN cells IS NULL THEN $4::jsonb END
        FROM unnest($2::integer[], $3::text[]) AS said (line, cells)
        """,
        import_id,
        [row.line for row in rows],
        [None if row.cells is None else json.dumps(row.cells) for row in rows],
        json.dumps([["line", "Give this line as many cells as the first line has"]]),
    )


async def next_under_way(tx: Transaction) -> Import | None:
    """The oldest import that is not done and that nobody else works on; locked."""
    row = await tx.fetchrow(
        "SELECT * FROM import WHERE done_at IS NULL ORDER BY begun_at, import_id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return Import(row["import_id"], row["account_id"], row["organisation"], done=False) if row else None


async def rows_to_do(tx: Transaction, import_id: UUID, count: int) -> list[tuple[int, dict[str, str]]]:
    """Lines and their cells, in the order of the file."""
    rows = await tx.fetch(
        "SELECT line, cells FROM import_row WHERE import_id = $1 AND outcome IS NULL ORDER BY line LIMIT $2",
        import_id,
        count,
    )
    return [(row["line"], json.loads(row["cells"])) for row in rows]


async def taken_before(tx: Transaction, import_id: UUID, lines: Sequence[int]) -> set[int]:
    """Those of these lines by which somebody was a member already when the same file was sent before."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT line FROM import_row JOIN import earlier USING (import_id)
        WHERE mark = (SELECT mark FROM import WHERE import_id = $1) AND import_id <> $1 AND line = ANY($2)
            AND outcome IN ('joined', 'already-a-member', 'transferred', 'taken-before')
        """,
        import_id,
        lines,
    )
    return {row["line"] for row in rows}


async def settle(tx: Transaction, import_id: UUID, settled: Iterable[Settled]) -> None:
    """Keeps what became of these rows, and forgets what they said."""
    every = list(settled)
    await tx.execute(
        """
        UPDATE import_row SET cells = NULL, outcome = said.outcome, member_id = said.member_id, errors = said.errors
        FROM unnest($2::integer[], $3::text[], $4::uuid[], $5::text[]::jsonb[])
            AS said (line, outcome, member_id, errors)
        WHERE import_row.import_id = $1 AND import_row.line = said.line
        """,
        import_id,
        [its.line for its in every],
        [its.outcome for its in every],
        [its.member_id for its in every],
        [json.dumps([[error.field, error.sentence] for error in its.errors]) for its in every],
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Reports still count the member's row, and name nobody in it."""
    await tx.execute("UPDATE import_row SET member_id = NULL WHERE member_id = $1", member_id)


async def finish(tx: Transaction, import_id: UUID) -> None:
    await tx.execute("UPDATE import SET done_at = $2 WHERE import_id = $1", import_id, tx.now)


async def by_id(tx: Transaction, import_id: UUID) -> Import | None:
    row = await tx.fetchrow("SELECT * FROM import WHERE import_id = $1", import_id)
    if row is None:
        return None
    return Import(row["import_id"], row["account_id"], row["organisation"], done=row["done_at"] is not None)


async def totals(tx: Transaction, import_id: UUID) -> dict[str | None, int]:
    """The number of rows of each outcome; None stands for those that wait."""
    rows = await tx.fetch("SELECT outcome, count(*) FROM import_row WHERE import_id = $1 GROUP BY outcome", import_id)
    return {row["outcome"]: row["count"] for row in rows}


@dataclass(frozen=True)
class Progress:
    """How far an import is. `rows` is all there are; what is settled is in `by_outcome`."""

    import_id: UUID
    organisation: str | None
    account_id: UUID  # who sent it
    begun_at: datetime
    done_at: datetime | None
    rows: int
    by_outcome: dict[str, int]

    @property
    def settled(self) -> int:
        return sum(self.by_outcome.values())


async def progress(tx: Transaction, import_ids: Sequence[UUID]) -> list[Progress]:
    """Of these, the newest first."""
    rows = await tx.fetch(
        """
        SELECT import.import_id, organisation, account_id, begun_at, done_at, sum(counted.rows)::integer AS rows,
            coalesce(jsonb_object_agg(outcome, counted.rows) FILTER (WHERE outcome IS NOT NULL), '{}') AS by_outcome
        FROM import CROSS JOIN LATERAL (
            SELECT outcome, count(*) AS rows FROM import_row WHERE import_row.import_id = import.import_id
            GROUP BY outcome
        ) AS counted
        WHERE import.import_id = ANY($1) GROUP BY import.import_id ORDER BY begun_at DESC, import.import_id
        """,
        list(import_ids),
    )
    return [Progress(**(dict(row) | {"by_outcome": json.loads(row["by_outcome"])})) for row in rows]


async def newest(
    tx: Transaction, *, organisation: str | None, most: int, skip: int = 0, after: UUID | None = None
) -> list[UUID]:
    """Imports, the newest first; with `organisation` those of it alone, with `after` those behind that one."""
    await paging.begin_behind(tx, "SELECT FROM import WHERE import_id = $1", after)
    rows = await tx.fetch(
        """
        WITH place AS (SELECT begun_at, import_id FROM import WHERE import_id = $4)
        SELECT import_id FROM import WHERE ($1::text IS NULL OR organisation = $1) AND ($4::uuid IS NULL
            OR begun_at < (SELECT begun_at FROM place)
            OR begun_at = (SELECT begun_at FROM place) AND import_id > $4)
        ORDER BY begun_at DESC, import_id OFFSET $2 LIMIT $3
        """,
        organisation,
        skip,
        most,
        after,
    )
    return [row["import_id"] for row in rows]


async def to_mend(tx: Transaction, import_id: UUID, *, after: int, most: int) -> list[Settled]:
    """The refused rows below line `after`, in the order of the file."""
    rows = await tx.fetch(
        """
        SELECT line, outcome, member_id, coalesce(errors, '[]') AS errors FROM import_row
        WHERE import_id = $1 AND line > $2 AND outcome = 'refused' ORDER BY line LIMIT $3
        """,
        import_id,
        after,
        most,
    )
    return [_settled(row) for row in rows]


async def settled(tx: Transaction, import_id: UUID, *, after: int, limit: int) -> list[Settled]:
    """What became of the rows below line `after`, in the order of the file."""
    rows = await tx.fetch(
        """
        SELECT line, outcome, member_id, coalesce(errors, '[]') AS errors FROM import_row
        WHERE import_id = $1 AND line > $2 AND outcome IS NOT NULL ORDER BY line LIMIT $3
        """,
        import_id,
        after,
        limit,
    )
    return [_settled(row) for row in rows]


def _settled(row: asyncpg.Record) -> Settled:
    errors = tuple(FieldError(field, sentence) for field, sentence in json.loads(row["errors"]))
    return Settled(row["line"], row["outcome"], row["member_id"], errors)
