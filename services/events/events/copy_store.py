"""What events holds of a member, for the copy that they take away."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def invitee(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT member_id AS member_number, organisation, grade_band, since AS member_since, left_at
        FROM invitee WHERE member_id = $1""",
        caller.member_id,
    )


async def places(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS event, starts_at, registered_at
        FROM registration JOIN hosted_event USING (hosted_event_id)
        WHERE member_id = $1 ORDER BY starts_at, registration_id""",
        caller.member_id,
    )


async def proposed(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS event, summary, link, place, starts_at, ends_at
        FROM hosted_event WHERE proposed_by = $1 ORDER BY starts_at, hosted_event_id""",
        caller.account_id,
    )


HOLDINGS: Final = (
    Holding("You as somebody who may be invited", ("invitee",), invitee),
    Holding("Your places at events", ("registration",), places),
    Holding("Events that you proposed", ("hosted_event",), proposed),
)
NOT_COPIED: Final[Mapping[str, str]] = {"erased_member": "whoever is in it cannot ask any more"}
