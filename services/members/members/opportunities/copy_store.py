"""What opportunities hold of a person, for the copy that they take away."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def interests(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS opportunity, interest_id AS your_number, registered_at, statement, state AS what_became_of_it,
            changed_at
        FROM interest JOIN opportunity USING (opportunity_id)
        WHERE member_id = $1 ORDER BY registered_at, interest_id
        """,
        caller.member_id,
    )


async def led(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS opportunity,
            CASE WHEN opened_by = $1 THEN opened_at END AS you_opened_it_at,
            CASE WHEN selected_by = $1 THEN selected_at END AS you_chose_at,
            CASE WHEN held_by = $1 THEN held_at END AS you_said_that_it_was_held_at,
            CASE WHEN findings_by = $1 THEN findings_at END AS you_published_findings_at
        FROM opportunity WHERE $1 IN (opened_by, selected_by, held_by, findings_by) ORDER BY opened_at, opportunity_id
        """,
        caller.account_id,
    )


HOLDINGS: Final = (
    Holding("Opportunities in which you were interested", ("interest",), interests),
    Holding("Opportunities that you led", ("opportunity",), led),
)
