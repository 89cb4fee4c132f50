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


async def terms(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS seat, starts_on, ends_on, ended_on FROM shadow_board_term JOIN shadow_board_seat USING (seat_id)
        WHERE member_id = $1 ORDER BY starts_on, term_id
        """,
        caller.member_id,
    )


async def on_the_board(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title, 'a seat that you opened' AS what, opened_at AS "when" FROM shadow_board_seat WHERE opened_by = $1
        UNION ALL SELECT title, 'somebody whom you appointed', appointed_at
            FROM shadow_board_term JOIN shadow_board_seat USING (seat_id) WHERE appointed_by = $1
        UNION ALL SELECT title, 'a term that you ended', ended_at
            FROM shadow_board_term JOIN shadow_board_seat USING (seat_id) WHERE ended_by = $1
        UNION ALL SELECT title, 'advice that you gave', given_at FROM shadow_board_advice WHERE given_by = $1
        UNION ALL SELECT title, 'advice that you answered', answered_at FROM shadow_board_advice WHERE answered_by = $1
        ORDER BY "when", what
        """,
        caller.account_id,
    )


HOLDINGS: Final = (
    Holding("Your terms on the Shadow Board", ("shadow_board_term",), terms),
    Holding(
        "What you did for or on the Shadow Board",
        ("shadow_board_seat", "shadow_board_term", "shadow_board_advice"),
        on_the_board,
    ),
    Holding("Opportunities in which you were interested", ("interest",), interests),
    Holding("Opportunities that you led", ("opportunity",), led),
)
