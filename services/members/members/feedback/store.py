"""The table of rounds, and what is left of their answers: figures that may be told, and what people wrote."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID, uuid4

import asyncpg

from chassis import paging
from chassis.database import Transaction
from members.feedback.domain import Asked, Closing, Round
from members.feedback.reviews import Held

FiguresByGroup = Mapping[str, Mapping[str, int | None]]
"""By group, everybody under the empty code, and by rating; None is hidden."""


async def hold_commitment(tx: Transaction, commitment_id: UUID) -> bool:
    """Whether the strategy has this commitment; until the transaction ends nobody else asks about it."""
    found = await tx.fetchval(
        "SELECT true FROM commitment WHERE commitment_id = $1 AND dropped_at IS NULL FOR UPDATE", commitment_id
    )
    return found is not None


async def is_asked(tx: Transaction, commitment_id: UUID) -> bool:
    """Whether a round of this commitment has not closed yet."""
    found = await tx.fetchval(
        "SELECT true FROM feedback_round WHERE commitment_id = $1 AND closed_at IS NULL", commitment_id
    )
    return found is not None


async def add(tx: Transaction, its: Round) -> None:
    await tx.execute(
        """
        INSERT INTO feedback_round (round_id, commitment_id, title, about, must_hear, closes_on, opened_at, opened_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        its.round_id,
        its.asked.commitment_id,
        its.asked.title,
        its.asked.about,
        list(its.asked.must_hear),
        its.asked.closes_on,
        its.opened_at,
        its.opened_by,
    )


async def save(tx: Transaction, its: Round) -> None:
    """Keep what came of it."""
    await tx.execute(
        """
        UPDATE feedback_round SET closed_at = $2, answered = $3, heard = $4, summary = $5, summarised_at = $6,
            summarised_by = $7, you_said = $8, we_did = $9, responded_at = $10, responded_by = $11
        WHERE round_id = $1""",
        its.round_id,
        its.closed_at,
        its.answered,
        list(its.heard),
        its.summary,
        its.summarised_at,
        its.summarised_by,
        its.you_said,
        its.we_did,
        its.responded_at,
        its.responded_by,
    )


async def by_id(tx: Transaction, round_id: UUID) -> Round | None:
    row = await tx.fetchrow(f"{_ROUND} WHERE round_id = $1", round_id)
    return _round(row) if row else None


async def lock(tx: Transaction, round_id: UUID) -> Round | None:
    """A round, held until the transaction ends."""
    row = await tx.fetchrow(f"{_ROUND} WHERE round_id = $1 FOR UPDATE", round_id)
    return _round(row) if row else None


async def keep_from_closing(tx: Transaction, round_id: UUID) -> Round | None:
    """A round, which does not close until the transaction ends; others may do the same beside it."""
    row = await tx.fetchrow(f"{_ROUND} WHERE round_id = $1 FOR SHARE", round_id)
    return _round(row) if row else None


async def some(tx: Transaction, *, commitment_id: UUID | None, after: UUID | None, most: int) -> list[Round]:
    """Rounds, of one commitment where it is given, by their last day, the latest first; those that follow `after`."""
    await paging.begin_behind(tx, "SELECT FROM feedback_round WHERE round_id = $1", after)
    last = await by_id(tx, after) if after else None
    rows = await tx.fetch(
        f"""
        {_ROUND}
        WHERE ($1::uuid IS NULL OR commitment_id = $1)
          AND ($2::date IS NULL OR (closes_on, round_id) < ($2, $3::uuid))
        ORDER BY closes_on DESC, round_id DESC LIMIT $4""",
        commitment_id,
        last.asked.closes_on if last else None,
        after,
        most,
    )
    return [_round(row) for row in rows]


async def take_due(tx: Transaction, today: date) -> Round | None:
    """One whose last day has ended and that has not closed, which no other replica has in hand; held."""
    row = await tx.fetchrow(
        f"""
        {_ROUND}
        WHERE closes_on < $1 AND closed_at IS NULL ORDER BY closes_on, round_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return _round(row) if row else None


async def keep_what_is_left(tx: Transaction, closing: Closing) -> None:
    """The figures, and what people wrote in the order in which it is given; each has an id of its own by chance."""
    round_id = closing.its.round_id
    cells = [
        (round_id, group, rating, number)
        for group, numbers in closing.figures.by_group.items()
        for rating, number in numbers.items()
    ]
    await tx.execute(
        """
        INSERT INTO feedback_figure (round_id, group_code, rating, number)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[])""",
        *map(list, zip(*cells, strict=True)),
    )
    await tx.execute(
        "INSERT INTO feedback_comment (comment_id, round_id, words) SELECT id, $2, words"
        " FROM unnest($1::uuid[], $3::text[]) AS written (id, words)",
        [uuid4() for _ in closing.comments],
        round_id,
        list(closing.comments),
    )


async def figures(tx: Transaction, round_id: UUID) -> FiguresByGroup:
    rows = await tx.fetch(
        "SELECT group_code, rating, number FROM feedback_figure WHERE round_id = $1 ORDER BY group_code, rating",
        round_id,
    )
    found: dict[str, dict[str, int | None]] = {}
    for row in rows:
        found.setdefault(row["group_code"], {})[row["rating"]] = row["number"]
    return found


async def comments(tx: Transaction, round_id: UUID, *, after: UUID | None, most: int) -> list[tuple[UUID, str]]:
    """What people wrote, in no order that means anything; those that follow `after`."""
    rows = await tx.fetch(
        """
        SELECT comment_id, words FROM feedback_comment
        WHERE round_id = $1 AND ($2::uuid IS NULL OR comment_id > $2) ORDER BY comment_id LIMIT $3""",
        round_id,
        after,
        most,
    )
    return [(row["comment_id"], row["words"]) for row in rows]


async def forget_comments(tx: Transaction, today: date, *, years: int) -> int:
    """Delete what people wrote in rounds whose last day is more than so many years ago; gives how much there was."""
    tag = await tx.execute(
        """
        DELETE FROM feedback_comment USING feedback_round its
        WHERE feedback_comment.round_id = its.round_id AND its.closes_on + make_interval(years => $2) < $1""",
        today,
        years,
    )
    return int(tag.rpartition(" ")[2])


async def made_on(tx: Transaction, commitment_ids: Collection[UUID]) -> Mapping[UUID, date]:
    """The day in London on which each was promised first."""
    rows = await tx.fetch(
        """
        SELECT commitment_id, (published_at AT TIME ZONE 'Europe/London')::date AS made_on
        FROM commitment JOIN strategy ON version = made_in WHERE commitment_id = ANY($1::uuid[])""",
        list(commitment_ids),
    )
    return {row["commitment_id"]: row["made_on"] for row in rows}


async def held(tx: Transaction, commitment_ids: Collection[UUID], since: date) -> Mapping[UUID, list[Held]]:
    """The rounds of each that close on this day or later."""
    rows = await tx.fetch(
        """
        SELECT commitment_id, closes_on, closed_at IS NULL AS is_open,
            closed_at IS NOT NULL AND answered IS NOT NULL AND must_hear <@ heard AS heard_all
        FROM feedback_round WHERE commitment_id = ANY($1::uuid[]) AND closes_on >= $2""",
        list(commitment_ids),
        since,
    )
    found: dict[UUID, list[Held]] = {}
    for row in rows:
        found.setdefault(row["commitment_id"], []).append(Held(row["closes_on"], row["is_open"], row["heard_all"]))
    return found


_ROUND = """
    SELECT round_id, commitment_id, title, about, must_hear, closes_on, opened_at, opened_by, closed_at, answered,
        heard, summary, summarised_at, summarised_by, you_said, we_did, responded_at, responded_by
    FROM feedback_round"""


def _round(row: asyncpg.Record) -> Round:
    of = dict(row)
    asked = Asked(
        commitment_id=of.pop("commitment_id"),
        title=of.pop("title"),
        about=of.pop("about"),
        closes_on=of.pop("closes_on"),
        must_hear=tuple(of.pop("must_hear")),
    )
    return Round(**of | {"asked": asked, "heard": tuple(of["heard"])})
