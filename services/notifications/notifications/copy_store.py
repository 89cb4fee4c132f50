"""What notifications holds of a member, for the copy that they take away. Of others whom a message names, no more
than that message says.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def recipient(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT member_id AS member_number, name, email AS email_address, grade, restricted,
            address_failed AS why_mail_does_not_arrive
        FROM recipient WHERE member_id = $1""",
        caller.member_id,
    )


async def choices(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT category, email, inbox FROM preference WHERE member_id = $1 ORDER BY category", caller.member_id
    )


async def hours(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT time_zone, opens::text AS mail_from, closes::text AS mail_until, weekdays_only
        FROM delivery_hours WHERE member_id = $1""",
        caller.member_id,
    )


async def roles(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT role, nullif(organisation, '') AS organisation
        FROM role_holder WHERE member_id = $1 ORDER BY role, organisation""",
        caller.member_id,
    )


async def places(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS event, starts_at FROM attendance JOIN hosted_event USING (hosted_event_id)
        WHERE member_id = $1 ORDER BY starts_at, registration_id""",
        caller.member_id,
    )


async def pairs(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT since AS paired_since FROM pair
        WHERE $1 IN (first_member_id, second_member_id) ORDER BY since, pair_id""",
        caller.member_id,
    )


async def groups(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT group_id AS number_of_the_group FROM volunteering WHERE member_id = $1 ORDER BY group_id",
        caller.member_id,
    )


async def groups_that_ended(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT group_id AS number_of_the_group, ended_at FROM was_in_group
        WHERE member_id = $1 ORDER BY ended_at, group_id""",
        caller.member_id,
    )


async def given(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT what, about_id AS number_of_what_it_is, until AS last_day
        FROM given WHERE member_id = $1 ORDER BY what, thing_id""",
        caller.member_id,
    )


async def messages(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT category, template AS message, state, reason, channel, created_at AS written_at, sent_at, delivered_at,
            read_at, text AS words
        FROM notice LEFT JOIN notice_body USING (notice_id) WHERE member_id = $1 ORDER BY number""",
        caller.member_id,
    )


async def told_of(tx: Transaction, caller: Caller) -> Rows:
    """Not what became of them: whether somebody wants mail, or is restricted, is theirs."""
    return await tx.fetch(
        """
        SELECT template AS message, created_at AS written_at
        FROM notice WHERE about_member_id = $1 ORDER BY number""",
        caller.member_id,
    )


async def occasions(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT type AS what_happened, facts::text AS facts, heard_at
        FROM occasion WHERE subject = $1 ORDER BY heard_at, event_id""",
        caller.member_id,
    )


async def sent_again(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT template AS message, redelivered_at AS sent_again_at
        FROM notice WHERE redelivered_by = $1 ORDER BY redelivered_at, number""",
        str(caller.account_id),
    )


HOLDINGS: Final = (
    Holding("Where we write to you", ("recipient",), recipient),
    Holding("What you chose to hear", ("preference",), choices),
    Holding("When mail may come to you", ("delivery_hours",), hours),
    Holding("Roles for which we write to you", ("role_holder",), roles),
    Holding("Your places at events", ("attendance",), places),
    Holding("Your pairs, without the other member", ("pair",), pairs),
    Holding("Groups of which we send you news", ("volunteering",), groups),
    Holding("Groups that ended while you were in them", ("was_in_group",), groups_that_ended),
    Holding("What you were given: a champion's term, a seat, a place", ("given",), given),
    Holding("Messages to you", ("notice", "notice_body"), messages),
    Holding("Messages to others that tell of you", ("notice",), told_of),
    Holding("What happened with you that messages tell of", ("occasion",), occasions),
    Holding("Messages of others that you sent again", ("notice",), sent_again),
)
NOT_COPIED: Final[Mapping[str, str]] = {"erased_member": "whoever is in it cannot ask any more"}
