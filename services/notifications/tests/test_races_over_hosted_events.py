"""Leaving, and an address that arrives, against what is told of hosted events: in whatever order they commit.

In the first tests one transaction is held open until the other stands before its lock; in the last two they simply run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.causes import Cause
from chassis.database import Database, Transaction
from chassis.testing import deliver, said
from contracts.events import AttendeeRegistered
from contracts.members import GradeBand, MemberContactChanged, MemberLeft
from notifications import hosted_events, reactions
from notifications.app import CONTACTS, EVENTS, MEMBERS
from notifications.testing import TALK, hosted, joined, joins, leaves, published, rows
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
ROUNDS, MEMBERS_A_ROUND = 50, 6


def registered(hosted_event_id: UUID = TALK, member_id: UUID = ADA) -> AttendeeRegistered:
    return AttendeeRegistered(registration_id=uuid4(), hosted_event_id=hosted_event_id, member_id=member_id)


def left(member_id: UUID = ADA) -> MemberLeft:
    return MemberLeft(
        member_id=member_id, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2027, 1, 11)
    )


def contact(member_id: UUID = ADA) -> MemberContactChanged:
    return MemberContactChanged(member_id=member_id, name="Ada King", email="ada@example.org")


async def hear(database: Database, *deliveries: Any) -> Any:
    return await deliver(database, "notifications", EVENTS, *deliveries)


async def unsent(database: Database) -> list[tuple[Any, ...]]:
    return await rows(
        database, "SELECT member_id, template, state FROM notice WHERE state IN ('waiting', 'due') ORDER BY template"
    )


async def waits_for_a_lock(database: Database) -> bool:
    found = await rows(database, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return len(found) == 1


async def meet(
    database: Database, first: Callable[[Transaction], Awaitable[None]], second: Callable[[], Awaitable[Any]]
) -> None:
    """`first` is done and not committed; `second` runs into it; `first` commits and `second` goes on."""
    async with database.transaction() as tx:
        tx.cause = Cause(uuid4(), tx.cause.traceparent, uuid4())
        await first(tx)
        other = asyncio.ensure_future(second())
        await eventually(lambda: waits_for_a_lock(database), timeout=4)
    await other


@pytest.fixture
async def january(notifications: Database) -> Database:
    notifications.clock = lambda: datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
    return notifications


async def test_a_publication_that_meets_a_leaving_does_not_invite_the_leaver(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await meet(january, lambda tx: reactions.let_go(left(), tx), lambda: hear(january, said(published(), 1)))

    assert await unsent(january) == []


async def test_a_leaving_that_meets_a_publication_cancels_the_invitation(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await meet(january, lambda tx: hosted_events.invite(published(), tx), lambda: leaves(january, ADA))

    assert await unsent(january) == []


async def test_a_registration_that_meets_a_leaving_claims_nobody(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await hear(january, said(published(), 1))
    await meet(january, lambda tx: reactions.let_go(left(), tx), lambda: hear(january, said(registered(), 1)))

    assert await unsent(january) == []
    assert await rows(january, "SELECT 1 FROM attendance") == []


async def test_a_leaving_that_meets_a_registration_gives_the_place_up(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await hear(january, said(published(), 1))
    await meet(january, lambda tx: hosted_events.confirm(registered(), tx), lambda: leaves(january, ADA))

    assert await unsent(january) == []
    assert await rows(january, "SELECT 1 FROM attendance") == []


async def test_thanks_that_meet_a_leaving_do_not_go_to_the_leaver(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await hear(january, said(published(), 1), said(registered(), 1))
    await meet(january, lambda tx: reactions.let_go(left(), tx), lambda: hear(january, said(hosted(), 2)))

    assert await unsent(january) == []


async def test_a_leaving_that_meets_thanks_cancels_them(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await hear(january, said(published(), 1), said(registered(), 1))
    await meet(january, lambda tx: hosted_events.thank(hosted(), tx), lambda: leaves(january, ADA))

    assert await unsent(january) == []


async def test_a_publication_that_meets_an_address_lets_the_confirmation_go(january: Database) -> None:
    await hear(january, said(registered(), 1))
    await meet(
        january, lambda tx: reactions.keep_contacts([contact()], tx), lambda: hear(january, said(published(), 1))
    )

    assert [its[1:] for its in await unsent(january)] == [
        ("confirmation", "due"),
        ("invitation", "due"),
        ("reminder", "due"),
    ]


async def test_an_address_that_meets_a_publication_lets_the_confirmation_go(january: Database) -> None:
    await hear(january, said(registered(), 1))
    await meet(
        january,
        lambda tx: hosted_events.invite(published(), tx),
        lambda: deliver(january, "notifications", CONTACTS, said(contact(), 1)),
    )

    assert [its[1:] for its in await unsent(january)] == [
        ("confirmation", "due"),
        ("invitation", "due"),
        ("reminder", "due"),
    ]


async def test_a_registration_that_meets_the_hosting_is_thanked(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await rows(january, "DELETE FROM notice RETURNING 1")
    await hear(january, said(published(), 1))
    await meet(january, lambda tx: hosted_events.thank(hosted(), tx), lambda: hear(january, said(registered(), 1)))

    assert await unsent(january) == [(ADA, "thanks", "due")]


async def test_a_hosting_that_meets_a_registration_thanks_for_it(january: Database) -> None:
    await joins(january, ADA, "Ada King", "ada@example.org")
    await rows(january, "DELETE FROM notice RETURNING 1")
    await hear(january, said(published(), 1))
    await meet(january, lambda tx: hosted_events.confirm(registered(), tx), lambda: hear(january, said(hosted(), 2)))

    assert await unsent(january) == [(ADA, "thanks", "due")]


async def test_fifty_rounds_of_leaving_while_events_are_heard_leave_nothing_unsent_to_anybody(
    january: Database,
) -> None:
    for number in range(ROUNDS):
        members, talk = sorted(uuid4() for _ in range(MEMBERS_A_ROUND)), UUID(int=number + 1)
        await deliver(january, "notifications", MEMBERS, *(said(joined(its), 1) for its in members))
        await deliver(january, "notifications", CONTACTS, *(said(contact(its), 1) for its in members))

        async def happens(members: list[UUID], talk: UUID) -> None:
            await hear(january, said(published(talk), 1))
            await hear(january, *(said(registered(talk, its), 1) for its in members))
            await hear(january, said(hosted(talk), 2))

        leaving = deliver(january, "notifications", MEMBERS, *(said(left(its), 2) for its in members))
        both = [leaving, happens(members, talk)]
        await asyncio.gather(*(both if number % 2 else reversed(both)))

    assert await unsent(january) == []
    assert await rows(january, "SELECT 1 FROM attendance") == []
    assert await rows(january, "SELECT state, count(*) FROM recipient GROUP BY 1") == [
        ("left", ROUNDS * MEMBERS_A_ROUND)
    ]


async def test_fifty_rounds_of_addresses_while_events_are_heard_leave_nothing_waiting(january: Database) -> None:
    for number in range(ROUNDS):
        members, talk = sorted(uuid4() for _ in range(MEMBERS_A_ROUND)), UUID(int=number + 1)
        await hear(january, *(said(registered(talk, its), 1) for its in members))

        await asyncio.gather(
            deliver(january, "notifications", CONTACTS, *(said(contact(its), 1) for its in members)),
            hear(january, said(published(talk), 1)),
        )

    assert await rows(january, "SELECT DISTINCT state FROM notice") == [("due",)]
