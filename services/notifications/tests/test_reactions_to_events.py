"""Invitations, confirmations and thanks: once, twice and out of order, on a real database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.events import AttendeeRegistered, EventHosted, EventProposed, EventPublished, KeyDateScheduled
from contracts.members import MemberContactChanged
from notifications.app import CONTACTS, EVENTS, MEMBERS
from notifications.testing import joined, joins, leaves, rows

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
TALK = UUID("00000000-0000-4000-8000-0000000000e1")
PLACE = UUID("00000000-0000-4000-8000-0000000000f1")
PUBLISHED = EventPublished(
    hosted_event_id=TALK,
    title="Women & girls in science",
    summary="Talks and questions.",
    link="https://gse.example/science",
    place="Online",
    starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
    ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
)
REGISTERED = AttendeeRegistered(registration_id=PLACE, hosted_event_id=TALK, member_id=ADA)
HOSTED = EventHosted(hosted_event_id=TALK, hosted_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC))
CONTACT_OF_ADA = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@example.org")
OVER = "the event took place before it was sent"
LEFT = "the member left before it was sent"


async def told(database: Database) -> list[tuple[Any, ...]]:
    """Who is told what of the hosted event, and where that stands."""
    found = await rows(
        database,
        """
        SELECT member_id, template, state, reason FROM notice WHERE hosted_event_id IS NOT NULL
        ORDER BY number, member_id""",
    )
    return [(str(member_id)[-1], *rest) for member_id, *rest in found]


async def attendance(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT registration_id, hosted_event_id, member_id FROM attendance")


@pytest.fixture
async def january(notifications: Database) -> Database:
    """A month before the talk."""
    notifications.clock = lambda: datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
    return notifications


@pytest.fixture
async def two(january: Database) -> Database:
    """Ada and Ben are members."""
    await joins(january, ADA, "Ada King", "ada@example.org")
    await joins(january, BEN, "Ben Okri", "ben@example.org")
    return january


async def hear(database: Database, *deliveries: Any) -> Any:
    return await deliver(database, "notifications", EVENTS, *deliveries)


async def test_invite_once_writes_to_everybody_who_is_here(two: Database) -> None:
    await leaves(two, BEN)
    await hear(two, said(PUBLISHED, 1))

    assert await told(two) == [("a", "invitation", "due", None)]
    assert await rows(two, "SELECT state, title, summary, place, link FROM hosted_event") == [
        ("published", "Women & girls in science", "Talks and questions.", "Online", "https://gse.example/science")
    ]


async def test_invite_twice_is_one_invitation_each(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1))
    again = await hear(two, said(PUBLISHED, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await told(two) == [("a", "invitation", "due", None), ("b", "invitation", "due", None)]


async def test_invite_out_of_order_waits_for_what_came_before_it(two: Database) -> None:
    early = await hear(two, said(PUBLISHED, 2))
    assert (early.parked, await told(two)) == (1, [])

    await hear(two, said(EventProposed(hosted_event_id=TALK), 1))
    assert await told(two) == [("a", "invitation", "due", None), ("b", "invitation", "due", None)]


async def test_an_invitation_waits_for_an_address(january: Database) -> None:
    await deliver(january, "notifications", MEMBERS, said(joined(ADA), 1))
    await hear(january, said(PUBLISHED, 1))
    assert await told(january) == [("a", "invitation", "waiting", None)]

    await deliver(january, "notifications", CONTACTS, said(CONTACT_OF_ADA, 1))
    assert await told(january) == [("a", "invitation", "due", None)]


async def test_who_joins_later_is_not_invited(january: Database) -> None:
    await hear(january, said(PUBLISHED, 1))
    await joins(january, ADA, "Ada King", "ada@example.org")

    assert await told(january) == []


async def test_nobody_is_invited_to_what_is_over(two: Database) -> None:
    two.clock = lambda: datetime(2027, 2, 11, 15, 30, tzinfo=UTC)
    await hear(two, said(PUBLISHED, 1))

    assert await told(two) == []


async def test_ten_thousand_are_invited_in_one_reaction(january: Database) -> None:
    await rows(
        january,
        """
        INSERT INTO recipient (member_id, state, name, email)
        SELECT gen_random_uuid(), 'known', 'A Member', 'm' || number || '@example.org'
        FROM generate_series(1, 10000) AS number RETURNING 1""",
    )
    await hear(january, said(PUBLISHED, 1))

    assert await rows(january, "SELECT template, state, count(*) FROM notice GROUP BY 1, 2") == [
        ("invitation", "due", 10000)
    ]


async def test_confirm_once_tells_the_member_of_their_place(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1))

    assert await attendance(two) == [(PLACE, TALK, ADA)]
    assert ("a", "confirmation", "due", None) in await told(two)


async def test_confirm_twice_is_one_confirmation(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1))
    again = await hear(two, said(REGISTERED, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert [kind for _, kind, _, _ in await told(two)] == ["invitation", "invitation", "confirmation", "reminder"]


async def test_a_second_place_of_the_same_member_is_not_confirmed_again(two: Database) -> None:
    another = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=TALK, member_id=ADA)
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1), said(another, 1))

    assert [kind for _, kind, _, _ in await told(two)] == ["invitation", "invitation", "confirmation", "reminder"]


async def test_confirm_out_of_order_before_the_publication_waits_for_it(two: Database) -> None:
    await hear(two, said(REGISTERED, 1))
    assert await told(two) == [("a", "confirmation", "waiting", None)]

    await hear(two, said(PUBLISHED, 1))
    assert await told(two) == [
        ("a", "confirmation", "due", None),
        ("a", "invitation", "due", None),
        ("b", "invitation", "due", None),
        ("a", "reminder", "due", None),
    ]


async def test_a_confirmation_waits_for_both_the_address_and_the_words(january: Database) -> None:
    await hear(january, said(REGISTERED, 1))
    await deliver(january, "notifications", CONTACTS, said(CONTACT_OF_ADA, 1))
    assert await told(january) == [("a", "confirmation", "waiting", None)]

    await hear(january, said(PUBLISHED, 1))
    assert ("a", "confirmation", "due", None) in await told(january)


async def test_the_place_of_a_leaver_is_not_confirmed(two: Database) -> None:
    await leaves(two, ADA)
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1))

    assert await attendance(two) == []
    assert await told(two) == [("b", "invitation", "due", None)]


async def test_a_leaving_deletes_the_place_and_cancels_what_was_not_sent(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1))
    await leaves(two, ADA)

    assert await attendance(two) == []
    assert await told(two) == [
        ("a", "invitation", "cancelled", LEFT),
        ("b", "invitation", "due", None),
        ("a", "confirmation", "cancelled", LEFT),
        ("a", "reminder", "cancelled", LEFT),
    ]


async def test_thank_once_thanks_who_had_a_place_and_invites_nobody_any_more(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1), said(HOSTED, 2))

    assert await told(two) == [
        ("a", "invitation", "cancelled", OVER),
        ("b", "invitation", "cancelled", OVER),
        ("a", "confirmation", "cancelled", OVER),
        ("a", "reminder", "cancelled", OVER),
        ("a", "thanks", "due", None),
    ]


async def test_thank_twice_is_thanks_once(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1), said(HOSTED, 2))
    again = await hear(two, said(HOSTED, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert [kind for _, kind, state, _ in await told(two) if state == "due"] == ["thanks"]


async def test_thank_out_of_order_waits_for_the_publication(two: Database) -> None:
    await hear(two, said(REGISTERED, 1), said(HOSTED, 2))
    assert await told(two) == [("a", "confirmation", "waiting", None)]

    await hear(two, said(PUBLISHED, 1))
    assert ("a", "thanks", "due", None) in await told(two)
    assert ("a", "confirmation", "cancelled", OVER) in await told(two)


async def test_a_registration_that_is_heard_after_the_event_gets_thanks_once(two: Database) -> None:
    another = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=TALK, member_id=ADA)
    await hear(two, said(PUBLISHED, 1), said(HOSTED, 2), said(REGISTERED, 1), said(another, 1))

    assert [it for it in await told(two) if it[1] != "invitation"] == [("a", "thanks", "due", None)]


async def test_who_left_before_the_event_is_not_thanked(two: Database) -> None:
    await hear(two, said(PUBLISHED, 1), said(REGISTERED, 1))
    await leaves(two, ADA)
    await hear(two, said(HOSTED, 2))

    assert [it for it in await told(two) if it[1] == "thanks"] == []


async def test_of_an_event_whose_publication_was_discarded_nothing_can_be_said(two: Database) -> None:
    await hear(two, said(EventHosted(hosted_event_id=TALK, hosted_at=HOSTED.hosted_at), 1), said(REGISTERED, 1))

    assert await told(two) == []


KEY_DATE = KeyDateScheduled(
    key_date_id=UUID("00000000-0000-4000-8000-0000000000d1"),
    title="Windrush Day",
    starts_on=datetime(2027, 6, 22, tzinfo=UTC).date(),
    ends_on=datetime(2027, 6, 22, tzinfo=UTC).date(),
)
MOVED = KEY_DATE.model_copy(update={"title": "Windrush Day again"})


async def key_dates(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT title, starts_on::text, ends_on::text FROM key_date")


async def test_keep_key_date_once_keeps_it(notifications: Database) -> None:
    await hear(notifications, said(KEY_DATE, 1))

    assert await key_dates(notifications) == [("Windrush Day", "2027-06-22", "2027-06-22")]


async def test_keep_key_date_twice_is_one_date(notifications: Database) -> None:
    await hear(notifications, said(KEY_DATE, 1))
    again = await hear(notifications, said(KEY_DATE, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert len(await key_dates(notifications)) == 1


async def test_keep_key_date_out_of_order_keeps_the_newest(notifications: Database) -> None:
    await hear(notifications, said(MOVED, 2), said(KEY_DATE, 1))

    assert await key_dates(notifications) == [("Windrush Day again", "2027-06-22", "2027-06-22")]
