"""What mentoring holds of a member, for the copy that they take away. Of the other member of a pair it says nothing."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def profile(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT member_id AS member_number, organisation, grade, opened_at, closed_at, restricted
        FROM profile WHERE member_id = $1""",
        caller.member_id,
    )


async def enrolments(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS scheme, goals, offers, seeks, enrolled_at
        FROM enrolment JOIN scheme USING (scheme_id) WHERE member_id = $1 ORDER BY enrolled_at, enrolment_id""",
        caller.member_id,
    )


async def pools(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS scheme, run_at AS considered_at
        FROM entrant JOIN match_run USING (run_id) JOIN scheme USING (scheme_id)
        WHERE member_id = $1 ORDER BY run_at, run_id""",
        caller.member_id,
    )


async def pairs(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS scheme, run_at AS proposed_at, created_at AS paired_at, ended_at, score, reasons
        FROM pair JOIN match_run USING (run_id) JOIN scheme USING (scheme_id)
        WHERE $1 IN (first_member_id, second_member_id) ORDER BY run_at, pair_id""",
        caller.member_id,
    )


HOLDINGS: Final = (
    Holding("Your mentoring profile", ("profile",), profile),
    Holding("Your enrolments", ("enrolment",), enrolments),
    Holding("When you were considered for a pair", ("entrant",), pools),
    Holding("Your pairs, without the other member", ("pair",), pairs),
)
NOT_COPIED: Final[Mapping[str, str]] = {"erased_member": "whoever is in it cannot ask any more"}
