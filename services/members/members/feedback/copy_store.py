"""What rounds of feedback hold of a person, for the copy that they take away: what they did for the team, and
of which open questions they had a token.

That they had a token is held while a question is open. Whether and what they answered is in no copy: nobody can find it
by who they are.
"""

from collections.abc import Sequence

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller
from members.feedback import ballot_store, secrecy


async def led(tx: Transaction, caller: Caller) -> Sequence[asyncpg.Record]:
    return await tx.fetch(
        """
        SELECT title AS question,
            CASE WHEN opened_by = $1 THEN opened_at END AS you_opened_it_at,
            CASE WHEN summarised_by = $1 THEN summarised_at END AS you_summed_it_up_at,
            CASE WHEN responded_by = $1 THEN responded_at END AS you_said_what_was_done_at
        FROM feedback_round WHERE $1 IN (opened_by, summarised_by, responded_by) ORDER BY opened_at, round_id
        """,
        caller.account_id,
    )


def holdings(key: bytes) -> tuple[Holding, ...]:
    """`key` is that of feedback, without which nobody finds who had a token."""

    async def had_token(tx: Transaction, caller: Caller) -> Sequence[asyncpg.Record]:
        if caller.member_id is None:
            return []
        marks = {
            secrecy.mark(key, round_id, caller.member_id): round_id for round_id in await ballot_store.open_rounds(tx)
        }
        taken = [marks[mark] for mark in await ballot_store.taken_of(tx, list(marks))]
        return await tx.fetch(
            "SELECT title AS question, closes_on AS held_until FROM feedback_round WHERE round_id = ANY($1::uuid[])"
            " ORDER BY closes_on, round_id",
            taken,
        )

    return (
        Holding("Rounds of feedback that you led", ("feedback_round",), led),
        Holding("Open questions for which you had a token", ("feedback_taken",), had_token),
    )
