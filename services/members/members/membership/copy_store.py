"""What the search for one person twice holds of a person, for the copy that they take away."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def merged(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT ended_id AS member_number_that_ended, merged_at FROM member_merger
        WHERE surviving_id = $1 ORDER BY merged_at, ended_id
        """,
        caller.member_id,
    )


async def told_apart(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT decided_at FROM two_people WHERE $1 IN (first_id, second_id) ORDER BY decided_at", caller.member_id
    )


async def decided(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT 'one person' AS decision, merged_at AS "when" FROM member_merger WHERE merged_by = $1
        UNION ALL SELECT 'two people', decided_at FROM two_people WHERE decided_by = $1
        ORDER BY "when"
        """,
        caller.account_id,
    )


HOLDINGS: Final = (
    Holding("Members who turned out to be you", ("member_merger",), merged),
    Holding("When somebody who looked like you turned out to be another", ("two_people",), told_apart),
    Holding("What you decided of members who looked like one person", ("member_merger", "two_people"), decided),
)
