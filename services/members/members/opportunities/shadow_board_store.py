"""The tables of the Shadow Board: seats, terms, advice."""

from dataclasses import astuple
from datetime import date
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from members.opportunities.shadow_board import Advice, Seat, Term


async def add_seat(tx: Transaction, its: Seat) -> None:
    await tx.execute(
        """
        INSERT INTO shadow_board_seat (seat_id, title, opened_on, opened_at, opened_by)
        VALUES ($1, $2, $3, $4, $5)""",
        *astuple(its),
    )


async def lock_seat(tx: Transaction, seat_id: UUID) -> Seat | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_seat WHERE seat_id = $1 FOR UPDATE", seat_id)
    return Seat(**row) if row else None


async def seat(tx: Transaction, seat_id: UUID) -> Seat | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_seat WHERE seat_id = $1", seat_id)
    return Seat(**row) if row else None


async def seats(tx: Transaction, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Each with its present term and whoever has it, where there is one; by id, from behind `after` on."""
    return await tx.fetch(
        """
        SELECT seat.seat_id, title, opened_on, member_id, name, starts_on, ends_on
        FROM shadow_board_seat seat
        LEFT JOIN shadow_board_term term ON term.seat_id = seat.seat_id AND ended_at IS NULL
        LEFT JOIN member USING (member_id)
        WHERE $1::uuid IS NULL OR seat.seat_id > $1 ORDER BY seat.seat_id LIMIT $2""",
        after,
        limit,
    )


async def term(tx: Transaction, seat_id: UUID) -> Term | None:
    """The present one of a seat; None: it is free."""
    row = await tx.fetchrow("SELECT * FROM shadow_board_term WHERE seat_id = $1 AND ended_at IS NULL", seat_id)
    return Term(**row) if row else None


async def sits(tx: Transaction, member_id: UUID | None) -> bool:
    """Whether they have a seat; they keep it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT FROM shadow_board_term WHERE member_id = $1 AND ended_at IS NULL FOR SHARE", member_id
    )
    return row is not None


async def add_term(tx: Transaction, its: Term) -> None:
    await tx.execute(
        """
        INSERT INTO shadow_board_term (term_id, seat_id, member_id, starts_on, ends_on, appointed_at, appointed_by,
            ended_on, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        *astuple(its),
    )


async def take_over(tx: Transaction, today: date) -> Term | None:
    """A term whose last day has ended or whose holder is gone, which no other replica has in hand; held."""
    row = await tx.fetchrow(
        """
        SELECT * FROM shadow_board_term WHERE ended_at IS NULL AND (ends_on < $1 OR member_id IS NULL)
        ORDER BY ends_on, term_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return Term(**row) if row else None


async def end(tx: Transaction, term: Term, seat: Seat) -> None:
    await tx.execute(
        "UPDATE shadow_board_term SET ended_on = $2, ended_at = $3 WHERE term_id = $1",
        term.term_id,
        term.ended_on,
        term.ended_at,
    )
    await tx.execute("UPDATE shadow_board_seat SET opened_on = $2 WHERE seat_id = $1", seat.seat_id, seat.opened_on)


async def let_go(tx: Transaction, member_id: UUID) -> None:
    """Of somebody who leaves or is erased no term stays theirs; a timer ends the present one."""
    await tx.execute("UPDATE shadow_board_term SET member_id = NULL WHERE member_id = $1", member_id)


async def add_advice(tx: Transaction, its: Advice) -> None:
    await tx.execute(
        "INSERT INTO shadow_board_advice (advice_id, title, advice, given_at, given_by) VALUES ($1, $2, $3, $4, $5)",
        its.advice_id,
        its.title,
        its.advice,
        its.given_at,
        its.given_by,
    )


async def advice(tx: Transaction, advice_id: UUID) -> Advice | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_advice WHERE advice_id = $1", advice_id)
    return Advice(**row) if row else None


async def lock_advice(tx: Transaction, advice_id: UUID) -> Advice | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_advice WHERE advice_id = $1 FOR UPDATE", advice_id)
    return Advice(**row) if row else None


async def newest_advice(tx: Transaction, *, after: UUID | None, limit: int) -> list[Advice]:
    rows = await tx.fetch(
        """
        SELECT * FROM shadow_board_advice
        WHERE $1::uuid IS NULL OR (given_at, advice_id) <
            (SELECT given_at, advice_id FROM shadow_board_advice WHERE advice_id = $1)
        ORDER BY given_at DESC, advice_id DESC LIMIT $2""",
        after,
        limit,
    )
    return [Advice(**row) for row in rows]


async def keep_answer(tx: Transaction, its: Advice) -> None:
    await tx.execute(
        "UPDATE shadow_board_advice SET answer = $2, answered_at = $3, answered_by = $4 WHERE advice_id = $1",
        its.advice_id,
        its.answer,
        its.answered_at,
        its.answered_by,
    )
