"""Erasing once, twice and out of order, on a real database, also while other streams bring what is late."""

import asyncio
import os
import random
from typing import Final
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.testing import Delivery, Outcome, deliver, said, what_was_said
from contracts.events import AttendeeRegistered
from contracts.mentoring import MentoringPairCreated
from notifications.app import CONTACTS, EVENTS, MEMBERS, MENTORING
from notifications.testing import joins, rows, standing
from testkit.examples import ADA, BEN, contact, erased, erasure_requested, joined, left

PAIR = UUID("00000000-0000-4000-8000-0000000000ab")
CREATED = MentoringPairCreated(pair_id=PAIR, first_member_id=ADA, second_member_id=BEN)
LEAVER = "the member left before it was sent"
UNSENT = """
    SELECT state FROM notice WHERE ($1 IN (member_id, about_member_id) OR pair_id = $2) AND state <> 'cancelled'"""
ROUNDS: Final = int(os.environ.get("GSE_RACE_ROUNDS", "50"))


async def hear(notifications: Database, *deliveries: Delivery) -> Outcome:
    return await deliver(notifications, "notifications", MEMBERS, *deliveries)


async def held(notifications: Database) -> tuple[int, int, int, int]:
    """How many rows Ada has: as recipient, as whom a notice is to or about, as parked, as erased."""
    [found] = await rows(
        notifications,
        """
        SELECT (SELECT count(*) FROM recipient WHERE member_id = $1),
            (SELECT count(*) FROM notice WHERE $1 IN (member_id, about_member_id)),
            (SELECT count(*) FROM parked WHERE subject = $1 OR key = convert_to($1::text, 'UTF8')),
            (SELECT count(*) FROM erased_member WHERE member_id = $1)""",
        ADA,
    )
    return found[0], found[1], found[2], found[3]


async def test_erase_once_deletes_all_but_the_bare_id_cancels_what_is_about_them_and_says_so(
    notifications: Database,
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    await deliver(notifications, "notifications", MENTORING, said(CREATED, 1))

    await hear(notifications, said(erasure_requested(ADA), 2))

    assert await held(notifications) == (0, 0, 0, 1)
    assert await rows(notifications, "SELECT template, state, reason, about_member_id FROM notice ORDER BY number") == [
        ("welcome", "due", None, None),
        ("introduction", "cancelled", LEAVER, None),
    ]
    assert await what_was_said(notifications, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_erasing_deletes_the_members_places_and_pairs_and_what_comes_late_brings_none_back(
    notifications: Database,
) -> None:
    its = uuid4()
    place = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=its, member_id=ADA)
    late = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=its, member_id=ADA)
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    await deliver(notifications, "notifications", MENTORING, said(CREATED, 1))
    await deliver(notifications, "notifications", EVENTS, said(place, 1))

    await hear(notifications, said(erasure_requested(ADA), 2))
    await deliver(notifications, "notifications", EVENTS, said(late, 1))

    assert await held(notifications) == (0, 0, 0, 1)
    assert await rows(notifications, "SELECT 1 FROM attendance") == []
    assert await rows(notifications, "SELECT 1 FROM pair") == []


async def test_an_introduction_that_went_out_stays_and_names_nobody_any_more(notifications: Database) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    await deliver(notifications, "notifications", MENTORING, said(CREATED, 1))
    async with notifications.transaction() as tx:
        await tx.execute("UPDATE notice SET state = 'sent', sent_at = now()")

    await hear(notifications, said(erasure_requested(ADA), 2))

    sent = await rows(notifications, "SELECT member_id, template, state, about_member_id FROM notice ORDER BY number")
    assert sent == [(BEN, "welcome", "sent", None), (BEN, "introduction", "sent", None)]


async def test_erase_once_deletes_parked_contacts(notifications: Database) -> None:
    broken = Delivery(str(ADA).encode(), said(contact(), 2).headers, b'{"name": "Ada King"}')
    without_a_place = Delivery(str(ADA).encode(), [], b'{"name": "Ada King"}')
    others = Delivery(str(BEN).encode(), [], b'{"name": "Ben Okri"}')
    await deliver(notifications, "notifications", CONTACTS, said(contact(), 1), broken, without_a_place, others)
    assert await held(notifications) == (1, 0, 2, 0)

    await hear(notifications, said(joined(), 1), said(erasure_requested(ADA), 2))

    assert await held(notifications) == (0, 0, 0, 1)
    assert await rows(notifications, "SELECT count(*) FROM parked") == [(1,)]


async def test_erase_twice_says_one_receipt(notifications: Database) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    outcome = await hear(notifications, said(erasure_requested(ADA), 2), said(erasure_requested(ADA), 2))

    assert outcome == Outcome(applied=1, repeats=1, parked=0)
    assert await held(notifications) == (0, 0, 0, 1)
    assert await what_was_said(notifications, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_erase_out_of_order_of_the_streams_lets_nothing_late_in(notifications: Database) -> None:
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    await hear(notifications, said(erasure_requested(ADA), 3), said(left(), 2), said(joined(), 1))

    await deliver(notifications, "notifications", CONTACTS, said(contact(), 1))
    await deliver(notifications, "notifications", MENTORING, said(CREATED, 1))
    await hear(notifications, said(joined(), 4), said(left(), 5))

    assert await held(notifications) == (0, 0, 0, 1)
    assert await standing(notifications) == [("due", None)], "Ben's welcome, and nothing else"


async def test_a_replay_from_the_beginning_brings_nothing_back(notifications: Database) -> None:
    life = [said(joined(), 1), said(erasure_requested(ADA), 2), said(erased(ADA), 3)]
    await hear(notifications, *life)
    async with notifications.transaction() as tx:
        await tx.execute("DELETE FROM progress")

    await deliver(notifications, "notifications", CONTACTS, said(contact(), 1))
    outcome = await hear(notifications, *life)

    assert outcome == Outcome(applied=3, repeats=0, parked=0)
    assert await held(notifications) == (0, 0, 0, 1)


async def test_sweep_once_takes_what_came_late_and_says_nothing(notifications: Database) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    await hear(notifications, said(erased(ADA), 2))

    assert await held(notifications) == (0, 0, 0, 1)
    assert await what_was_said(notifications, ADA) == []


async def test_sweep_twice_changes_nothing(notifications: Database) -> None:
    await hear(notifications, said(joined(), 1), said(erased(ADA), 2))
    outcome = await hear(notifications, said(erased(ADA), 2), said(erased(ADA), 3))

    assert outcome == Outcome(applied=1, repeats=1, parked=0)
    assert await held(notifications) == (0, 0, 0, 1)


async def test_sweep_out_of_order_waits_for_the_request(notifications: Database) -> None:
    await hear(notifications, said(joined(), 1), said(erased(ADA), 3))
    assert await held(notifications) == (1, 1, 1, 0)

    await hear(notifications, said(erasure_requested(ADA), 2))

    assert await held(notifications) == (0, 0, 0, 1)


async def test_going_while_address_and_pair_arrive_never_leaves_anything_to_be_sent(notifications: Database) -> None:
    """Half of them leave, half are erased, while two other streams bring what makes a notice to and about them."""
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    async with notifications.transaction() as tx:
        await tx.execute("DELETE FROM notice")
    orders = set[str]()
    for number in range(ROUNDS):
        member_id, pair_id = uuid4(), uuid4()
        gone = erasure_requested(member_id) if number % 2 else left(member_id)
        paired = MentoringPairCreated(pair_id=pair_id, first_member_id=member_id, second_member_id=BEN)
        ended: list[str] = []

        async def bring(what: str, *, late: float, ended: list[str] = ended, **records: Delivery) -> None:
            await asyncio.sleep(late)
            for name, record in records.items():
                subscription = {"members": MEMBERS, "contacts": CONTACTS, "mentoring": MENTORING}[name]
                await deliver(notifications, "notifications", subscription, record)
            ended.append(what)

        await hear(notifications, said(joined(member_id), 1))
        pauses = [random.uniform(0, 0.02) for _ in range(3)]
        await asyncio.gather(
            bring("gone", late=pauses[0], members=said(gone, 2)),
            bring("address", late=pauses[1], contacts=said(contact(member_id), 1)),
            bring("pair", late=pauses[2], mentoring=said(paired, 1)),
        )
        orders.add(ended[0])
        assert await rows(notifications, UNSENT, member_id, pair_id) == []
        known = await rows(notifications, "SELECT state, name FROM recipient WHERE member_id = $1", member_id)
        assert known == ([] if number % 2 else [("left", None)])
    assert orders == {"gone", "address", "pair"}, "they never met in all orders"
