"""The tables of the Shadow Board: seats, terms, advice."""

from dataclasses import astuple
from datetime import date
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from chassis.days import day_in_london
from members.opportunities.shadow_board import Advice, Seat, Term


async def add_seat(tx: Transaction, its: Seat) -> None:
    await tx.execute(
        """
        INSERT INTO shadow_board_seat (seat_id, title, opened_on, opened_at, opened_by, taken_from, taken_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        *astuple(its),
    )


async def lock_seat(tx: Transaction, seat_id: UUID) -> Seat | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_seat WHERE seat_id = $1 FOR UPDATE", seat_id)
    return Seat(**row) if row else None


async def seat(tx: Transaction, seat_id: UUID) -> Seat | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_seat WHERE seat_id = $1", seat_id)
    return Seat(**row) if row else None


async def seats(tx: Transaction, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Each with whoever has it now, where there is somebody; by id, from behind `after` on."""
    return await tx.fetch(
        """
        SELECT seat.seat_id, title, opened_on, opened_at, opened_by, taken_from, taken_until, term_id, member_id, name,
            appointed_at, appointed_by
        FROM shadow_board_seat seat
        LEFT JOIN shadow_board_term term ON term.seat_id = seat.seat_id AND ended_at IS NULL
        LEFT JOIN member USING (member_id)
        WHERE $1::uuid IS NULL OR seat.seat_id > $1 ORDER BY seat.seat_id LIMIT $2""",
        after,
        limit,
    )


async def term(tx: Transaction, seat_id: UUID) -> Term | None:
    """Of whoever has the seat; None: nobody has."""
    row = await tx.fetchrow("SELECT * FROM shadow_board_term WHERE seat_id = $1 AND ended_at IS NULL", seat_id)
    return Term(**row) if row else None


async def term_of(tx: Transaction, member_id: UUID | None) -> Term | None:
    """The term of a member who has a seat; they keep it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM shadow_board_term WHERE member_id = $1 AND ended_at IS NULL FOR SHARE", member_id
    )
    return Term(**row) if row else None


async def lock_term(tx: Transaction, term_id: UUID) -> Term | None:
    row = await tx.fetchrow("SELECT * FROM shadow_board_term WHERE term_id = $1 FOR UPDATE", term_id)
    return Term(**row) if row else None


async def add_term(tx: Transaction, its: Term) -> None:
    await tx.execute(
        """
        INSERT INTO shadow_board_term (term_id, seat_id, member_id, starts_on, ends_on, appointed_at, appointed_by,
            ended_on, ended_at, ended_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        *astuple(its),
    )


async def take_over(tx: Transaction, today: date) -> Seat | None:
    """A seat of whose time the last day has ended, which no other replica has in hand; held."""
    row = await tx.fetchrow(
        """
        SELECT * FROM shadow_board_seat WHERE taken_until < $1
        ORDER BY taken_until, seat_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return Seat(**row) if row else None


async def save_seat(tx: Transaction, its: Seat) -> None:
    """Keep since when it is free, or for which days it is taken."""
    await tx.execute(
        "UPDATE shadow_board_seat SET opened_on = $2, taken_from = $3, taken_until = $4 WHERE seat_id = $1",
        its.seat_id,
        its.opened_on,
        its.taken_from,
        its.taken_until,
    )


async def end_term(tx: Transaction, its: Term) -> None:
    await tx.execute(
        "UPDATE shadow_board_term SET ended_on = $2, ended_at = $3, ended_by = $4 WHERE term_id = $1",
        its.term_id,
        its.ended_on,
        its.ended_at,
        its.ended_by,
    )


async def end_with_its_day(tx: Transaction, seat_id: UUID) -> None:
    """The term of who has the seat, where there is somebody, ends with its last day."""
    await tx.execute(
        "UPDATE shadow_board_term SET ended_on = ends_on, ended_at = $2 WHERE seat_id = $1 AND ended_at IS NULL",
        seat_id,
        tx.now,
    )


async def let_go(tx: Transaction, member_id: UUID) -> None:
    """Of somebody who leaves or is erased no term stays theirs: the present one ends, and the seat stays taken.

    Who ended an earlier one goes too, since it may be themself.
    """
    await tx.execute(
        """
        UPDATE shadow_board_term SET member_id = NULL, ended_by = NULL, ended_at = coalesce(ended_at, $3),
            ended_on = coalesce(ended_on, least(ends_on, $2))
        WHERE member_id = $1""",
        member_id,
        day_in_london(tx.now),
        tx.now,
    )


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
    await paging.begin_behind(tx, "SELECT FROM shadow_board_advice WHERE advice_id = $1", after)
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
