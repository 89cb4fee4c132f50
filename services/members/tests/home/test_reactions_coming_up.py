"""What is coming, with each event heard once, twice and out of order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.days import LONDON
from chassis.testing import connected, deliver, migrating, said
from contracts.events import EventHosted, EventProposed, EventPublished, EventSignedOff, KeyDateScheduled
from members import app
from members.app import COMING_UP
from members.home import coming_up, coming_up_store
from members.home.coming_up_store import ComingUp

DATE = UUID("00000000-0000-4000-8000-0000000000d1")
EVENT = UUID("00000000-0000-4000-8000-0000000000e1")
NOW = datetime(2027, 2, 9, 12, 0, tzinfo=UTC)
STARTS = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)

SCHEDULED = KeyDateScheduled(
    key_date_id=DATE,
    title="Women and Girls in Science",
    starts_on=date(2027, 2, 11),
    ends_on=date(2027, 2, 11),
)
PROPOSED, SIGNED_OFF = EventProposed(hosted_event_id=EVENT), EventSignedOff(hosted_event_id=EVENT)
PUBLISHED = EventPublished(
    hosted_event_id=EVENT,
    title="Meet the scientists",
    summary="Talks and questions.",
    link="https://gse.example/science",
    place="Online",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=1),
)
HOSTED = EventHosted(hosted_event_id=EVENT, hosted_at=STARTS + timedelta(minutes=5))


@pytest.fixture
async def members(database: Callable[..., Awaitable[str]]) -> AsyncIterator[Database]:
    """The service's database alone."""
    async with connected(await database("members", migrating("members", app.__file__))) as its:
        yield its


async def coming(members: Database, now: datetime = NOW) -> list[tuple[str, str]]:
    """When and what, as the home page says it."""
    async with members.transaction() as tx:
        found = await coming_up_store.next_ones(tx, now, most=3)
    return [(its.when, its.title) for its in map(coming_up.entry, found)]


async def test_keep_key_date_once_shows_its_day(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(SCHEDULED, 1))

    assert await coming(members) == [("Thursday 11 February", "Women and Girls in Science")]


async def test_keep_key_date_twice_shows_it_once(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(SCHEDULED, 1))
    outcome = await deliver(members, "members", COMING_UP, said(SCHEDULED, 1))

    assert (outcome.applied, outcome.repeats) == (0, 1)
    assert await coming(members) == [("Thursday 11 February", "Women and Girls in Science")]


async def test_keep_key_date_out_of_order_waits_for_what_was_said_before_it(members: Database) -> None:
    outcome = await deliver(members, "members", COMING_UP, said(SCHEDULED, 2))

    assert outcome.parked == 1
    assert await coming(members) == []


async def test_keep_event_once_shows_its_instant(members: Database) -> None:
    await deliver(
        members, "members", COMING_UP, said(PROPOSED, 1), said(SIGNED_OFF, 2), said(SCHEDULED, 1), said(PUBLISHED, 3)
    )

    assert await coming(members) == [
        ("Thursday 11 February", "Women and Girls in Science"),
        ("Thursday 11 February, 2pm", "Meet the scientists"),
    ]


async def test_keep_event_twice_does_not_bring_back_what_was_hosted(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(PUBLISHED, 1), said(HOSTED, 2))
    outcome = await deliver(members, "members", COMING_UP, said(PUBLISHED, 1))

    assert outcome.repeats == 1
    assert await coming(members) == []


async def test_keep_event_out_of_order_is_shown_once_what_was_said_before_has_come(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(PUBLISHED, 3), said(SIGNED_OFF, 2))
    assert await coming(members) == []

    await deliver(members, "members", COMING_UP, said(PROPOSED, 1))

    assert await coming(members) == [("Thursday 11 February, 2pm", "Meet the scientists")]


async def test_take_down_once_ends_it_before_its_end(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(PUBLISHED, 1), said(HOSTED, 2))

    assert await coming(members) == []


async def test_take_down_twice_changes_nothing(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(PUBLISHED, 1), said(HOSTED, 2))
    outcome = await deliver(members, "members", COMING_UP, said(HOSTED, 2))

    assert (outcome.applied, outcome.repeats) == (0, 1)


async def test_take_down_out_of_order_waits_and_takes_down_what_comes_after_it(members: Database) -> None:
    outcome = await deliver(members, "members", COMING_UP, said(HOSTED, 2))
    assert outcome.parked == 1

    await deliver(members, "members", COMING_UP, said(PUBLISHED, 1))

    assert await coming(members) == []


async def test_what_is_over_is_not_coming_and_what_has_begun_is(members: Database) -> None:
    await deliver(members, "members", COMING_UP, said(SCHEDULED, 1), said(PUBLISHED, 1))

    assert await coming(members, STARTS + timedelta(minutes=30)) == [
        ("Thursday 11 February, 2pm", "Meet the scientists"),
        ("Thursday 11 February", "Women and Girls in Science"),
    ]
    assert await coming(members, STARTS + timedelta(hours=2)) == [
        ("Thursday 11 February", "Women and Girls in Science"),
    ]
    assert await coming(members, datetime(2027, 2, 12, 0, 0, tzinfo=UTC)) == []


def test_a_key_date_of_several_days_says_its_first_and_its_last() -> None:
    starts, ends = datetime(2027, 6, 1, tzinfo=LONDON), datetime(2027, 7, 1, tzinfo=LONDON)

    entry = coming_up.entry(ComingUp(DATE, "Pride Month", starts, ends, place=None))

    assert (entry.when, entry.href) == ("1 to 30 June", "")
