"""The tables of erasures: the bare ids of who was erased, and how far each erasure is."""

from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from contracts.erasure import Holder
from members.erasure.domain import Erasure


async def remember(tx: Transaction, member_id: UUID) -> None:
    """The bare id, for good."""
    await tx.execute("INSERT INTO erased_member (member_id, erased_at) VALUES ($1, $2)", member_id, tx.now)


async def add(tx: Transaction, its: Erasure) -> None:
    await tx.execute(
        "INSERT INTO erasure (member_id, requested_at, due_at, requested_by) VALUES ($1, $2, $3, $4)",
        its.member_id,
        its.requested_at,
        its.due_at,
        its.requested_by,
    )


async def add_receipts(tx: Transaction, its: Erasure) -> None:
    """Keeps those that are new."""
    await tx.execute(
        """
        INSERT INTO erasure_receipt (member_id, service, erased_at)
        SELECT $1, * FROM unnest($2::text[], $3::timestamptz[])
        ON CONFLICT (member_id, service) DO NOTHING""",
        its.member_id,
        list(its.receipts),
        list(its.receipts.values()),
    )


async def move_on(tx: Transaction, its: Erasure) -> None:
    """Keep how far it has come."""
    await tx.execute(
        "UPDATE erasure SET stalled_at = $2, completed_at = $3 WHERE member_id = $1",
        its.member_id,
        its.stalled_at,
        its.completed_at,
    )


async def lock(tx: Transaction, member_id: UUID) -> None:
    """The erasure, held until the transaction ends; read it after this, so that no receipt is missed."""
    await tx.execute("SELECT FROM erasure WHERE member_id = $1 FOR UPDATE", member_id)


async def by_id(tx: Transaction, member_id: UUID) -> Erasure | None:
    row = await tx.fetchrow(f"{_ERASURE} WHERE erasure.member_id = $1 GROUP BY erasure.member_id", member_id)
    return _erasure(row) if row else None


async def hold_overdue(tx: Transaction, now: datetime) -> list[UUID]:
    """Some that are due, not complete and not told as stalled, which no other replica has in hand; held."""
    rows = await tx.fetch(
        """
        SELECT member_id FROM erasure WHERE completed_at IS NULL AND stalled_at IS NULL AND due_at <= $1
        ORDER BY due_at, member_id LIMIT 100 FOR UPDATE SKIP LOCKED""",
        now,
    )
    return [row["member_id"] for row in rows]


async def newest(tx: Transaction, *, before: UUID | None, most: int, unfinished: bool) -> list[Erasure]:
    """The newest first, those after `before` in this order; with `unfinished` those alone that are not complete."""
    await paging.begin_behind(tx, "SELECT FROM erasure WHERE member_id = $1", before, field="before")
    rows = await tx.fetch(
        f"""
        {_ERASURE} WHERE (NOT $3 OR completed_at IS NULL) AND ($1::uuid IS NULL OR (requested_at, erasure.member_id) <
            (SELECT requested_at, member_id FROM erasure AS last WHERE last.member_id = $1))
        GROUP BY erasure.member_id ORDER BY requested_at DESC, erasure.member_id DESC LIMIT $2""",  # noqa: S608 (a part of ours)
        before,
        most,
        unfinished,
    )
    return [_erasure(row) for row in rows]


async def of_members(tx: Transaction, members: list[UUID]) -> list[Erasure]:
    rows = await tx.fetch(f"{_ERASURE} WHERE erasure.member_id = ANY($1) GROUP BY erasure.member_id", members)
    return [_erasure(row) for row in rows]


_ERASURE = """
    SELECT erasure.*, array_agg(service ORDER BY receipt.erased_at, service) AS services,
        array_agg(receipt.erased_at ORDER BY receipt.erased_at, service) AS erased
    FROM erasure JOIN erasure_receipt receipt USING (member_id)"""


def _erasure(row: asyncpg.Record) -> Erasure:
    receipts = dict(zip(map(Holder, row["services"]), row["erased"], strict=True))
    return Erasure(
        row["member_id"],
        row["requested_at"],
        row["due_at"],
        receipts,
        row["stalled_at"],
        row["completed_at"],
        row["requested_by"],
    )
