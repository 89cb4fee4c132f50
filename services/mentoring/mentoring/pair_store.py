"""The tables of match runs and pairs: every statement, named for its meaning."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from contracts.members import Grade
from mentoring.domain import MatchRun, Pair
from mentoring.matching import Entrant, Proposal


@dataclass(frozen=True)
class PresentPair:
    """A pair as one of the two may see it: through which scheme, since when, and who the other is without a name."""

    pair_id: UUID
    scheme: str
    since: datetime
    organisation: str
    grade: Grade


async def waiting(tx: Transaction, scheme_id: UUID, members: Collection[UUID]) -> list[Entrant]:
    """Those of these members who are enrolled, not restricted and in no pair of the scheme. Lock them first."""
    rows = await tx.fetch(
        """
        SELECT member_id, organisation, grade, offers, seeks
        FROM enrolment JOIN profile USING (member_id)
        WHERE scheme_id = $1 AND member_id = ANY($2::uuid[]) AND closed_at IS NULL AND NOT restricted
          AND NOT EXISTS (
            SELECT FROM pair JOIN match_run USING (run_id)
            WHERE match_run.scheme_id = $1 AND created_at IS NOT NULL AND ended_at IS NULL
              AND (first_member_id = member_id OR second_member_id = member_id))""",
        scheme_id,
        list(members),
    )
    return [
        Entrant(
            row["member_id"],
            row["organisation"],
            Grade(row["grade"]),
            frozenset(row["offers"]),
            frozenset(row["seeks"]),
        )
        for row in rows
    ]


async def how_many_wait(tx: Transaction, schemes: Collection[UUID]) -> dict[UUID, int]:
    """For each of these, how many are enrolled and in no pair of it; a scheme where nobody waits is absent."""
    rows: list[asyncpg.Record] = await tx.fetch(
        """
        SELECT scheme_id, count(*) AS waiting FROM enrolment JOIN profile USING (member_id)
        WHERE scheme_id = ANY($1::uuid[]) AND closed_at IS NULL AND NOT EXISTS (
            SELECT FROM pair JOIN match_run USING (run_id)
            WHERE match_run.scheme_id = enrolment.scheme_id AND created_at IS NOT NULL AND ended_at IS NULL
              AND (first_member_id = member_id OR second_member_id = member_id))
        GROUP BY scheme_id""",
        list(schemes),
    )
    return {row["scheme_id"]: row["waiting"] for row in rows}


async def add_run(tx: Transaction, run: MatchRun) -> None:
    await tx.execute(
        "INSERT INTO match_run (run_id, scheme_id, run_at) VALUES ($1, $2, $3)", run.run_id, run.scheme_id, run.run_at
    )


async def add_entrants(tx: Transaction, run_id: UUID, members: Collection[UUID]) -> None:
    await tx.execute("INSERT INTO entrant (run_id, member_id) SELECT $1, unnest($2::uuid[])", run_id, sorted(members))


async def propose(tx: Transaction, run_id: UUID, pair_id: UUID, proposal: Proposal) -> None:
    await tx.execute(
        """
        INSERT INTO pair (pair_id, run_id, first_member_id, second_member_id, score, reasons)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        pair_id,
        run_id,
        proposal.first,
        proposal.second,
        proposal.score,
        proposal.reasons,
    )


async def run(tx: Transaction, run_id: UUID) -> MatchRun | None:
    row = await tx.fetchrow("SELECT * FROM match_run WHERE run_id = $1", run_id)
    return MatchRun(**row) if row else None


async def latest_run(tx: Transaction, scheme_id: UUID) -> MatchRun | None:
    row = await tx.fetchrow(
        "SELECT * FROM match_run WHERE scheme_id = $1 ORDER BY run_at DESC, run_id LIMIT 1", scheme_id
    )
    return MatchRun(**row) if row else None


async def lock_run(tx: Transaction, run_id: UUID) -> MatchRun | None:
    """The run, which nobody else publishes until this transaction ends."""
    row = await tx.fetchrow("SELECT * FROM match_run WHERE run_id = $1 FOR UPDATE", run_id)
    return MatchRun(**row) if row else None


async def pairs_of(tx: Transaction, run_id: UUID, *, after: UUID | None = None, most: int | None = None) -> list[Pair]:
    """What a run proposes or, once published, has made, without those that are over, by id; all, or from `after` on."""
    rows = await tx.fetch(
        """
        SELECT * FROM pair WHERE run_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR pair_id > $2)
        ORDER BY pair_id LIMIT $3""",
        run_id,
        after,
        most,
    )
    return [_pair(row) for row in rows]


async def how_many_pairs(tx: Transaction, run_id: UUID) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM pair WHERE run_id = $1 AND ended_at IS NULL", run_id)
    return found


async def present_pairs(tx: Transaction, member_id: UUID, *, after: UUID | None, most: int) -> list[PresentPair]:
    """The pairs that a member is in now, the newest first, with the other's organisation and grade as they are now.

    From behind `after` on. Raises `Invalid` at `paired_after`.
    """
    await paging.begin_behind(tx, "SELECT FROM pair WHERE pair_id = $1", after, field="paired_after")
    rows = await tx.fetch(
        """
        SELECT pair_id, created_at, organisation, grade, title
        FROM pair JOIN match_run USING (run_id) JOIN scheme USING (scheme_id)
        JOIN profile ON member_id = CASE WHEN first_member_id = $1 THEN second_member_id ELSE first_member_id END
        WHERE (first_member_id = $1 OR second_member_id = $1) AND created_at IS NOT NULL AND ended_at IS NULL
          AND closed_at IS NULL
          AND ($2::uuid IS NULL OR (created_at, pair_id) < (SELECT created_at, pair_id FROM pair WHERE pair_id = $2))
        ORDER BY created_at DESC, pair_id DESC LIMIT $3""",
        member_id,
        after,
        most,
    )
    return [
        PresentPair(row["pair_id"], row["title"], row["created_at"], row["organisation"], Grade(row["grade"]))
        for row in rows
    ]


async def unmatched_of(tx: Transaction, run_id: UUID, *, after: UUID | None = None, most: int) -> list[UUID]:
    """Who of the pool is in none of those pairs and still takes part, by id from `after` on."""
    rows = await tx.fetch(
        f"SELECT member_id {_UNMATCHED} AND ($2::uuid IS NULL OR member_id > $2) ORDER BY member_id LIMIT $3",
        run_id,
        after,
        most,
    )
    return [row["member_id"] for row in rows]


async def how_many_unmatched(tx: Transaction, run_id: UUID) -> int:
    found: int = await tx.fetchval(f"SELECT count(*) {_UNMATCHED}", run_id)
    return found


async def begin(tx: Transaction, pairs: Collection[UUID], now: datetime) -> None:
    await tx.execute("UPDATE pair SET created_at = $2 WHERE pair_id = ANY($1::uuid[])", list(pairs), now)


async def drop_proposals(tx: Transaction, run_id: UUID) -> None:
    """Those of a run that did not begin."""
    await tx.execute("DELETE FROM pair WHERE run_id = $1 AND created_at IS NULL", run_id)


async def mark_published(tx: Transaction, run_id: UUID, now: datetime) -> None:
    await tx.execute("UPDATE match_run SET published_at = $2 WHERE run_id = $1", run_id, now)


# A member goes out of one scheme, or of every one when `scheme_id` is None. Lock the member first.


async def leave_pools(tx: Transaction, member_id: UUID, scheme_id: UUID | None) -> None:
    await tx.execute(
        """
        DELETE FROM entrant USING match_run
        WHERE match_run.run_id = entrant.run_id AND member_id = $1 AND ($2::uuid IS NULL OR scheme_id = $2)""",
        member_id,
        scheme_id,
    )


async def drop_proposals_of(tx: Transaction, member_id: UUID, scheme_id: UUID | None) -> None:
    await tx.execute(
        """
        DELETE FROM pair USING match_run
        WHERE match_run.run_id = pair.run_id AND (first_member_id = $1 OR second_member_id = $1)
          AND created_at IS NULL AND ($2::uuid IS NULL OR scheme_id = $2)""",
        member_id,
        scheme_id,
    )


async def end_pairs_of(tx: Transaction, member_id: UUID, scheme_id: UUID | None, now: datetime) -> list[Pair]:
    """Ends the member's pairs; gives those that it ended. When both members go at once, one of the two ends it."""
    rows = await tx.fetch(
        """
        UPDATE pair SET ended_at = $3, reasons = '{}' FROM match_run
        WHERE match_run.run_id = pair.run_id AND (first_member_id = $1 OR second_member_id = $1)
          AND created_at IS NOT NULL AND ended_at IS NULL AND ($2::uuid IS NULL OR scheme_id = $2)
        RETURNING pair.*""",
        member_id,
        scheme_id,
        now,
    )
    return [_pair(row) for row in rows]


async def forget_pairs_of(tx: Transaction, member_id: UUID) -> None:
    """Delete every pair the member was ever in. End those that are not over first."""
    await tx.execute("DELETE FROM pair WHERE first_member_id = $1 OR second_member_id = $1", member_id)


_UNMATCHED = """
    FROM entrant WHERE run_id = $1 AND NOT EXISTS (
        SELECT FROM pair WHERE pair.run_id = $1 AND ended_at IS NULL
          AND (first_member_id = member_id OR second_member_id = member_id))"""


def _pair(row: asyncpg.Record) -> Pair:
    return Pair(row["pair_id"], row["first_member_id"], row["second_member_id"], row["score"], tuple(row["reasons"]))
