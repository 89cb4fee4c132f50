"""What rounds of feedback hold of a person, for the copy that they take away: what they did for the team.

Whether and what they answered is in no copy: nobody can find it by who they are.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller


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


HOLDINGS: Final = (Holding("Rounds of feedback that you led", ("feedback_round",), led),)
