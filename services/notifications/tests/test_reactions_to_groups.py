"""Groups: who is in them and what they hear; once, twice and out of order, on a real database."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.groups import (
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupExtended,
    VolunteerJoinedGroup,
    VolunteerLeftGroup,
)
from notifications.app import MEMBERS
from notifications.testing import joins, leaves, rows
from testkit.examples import erasure_requested

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
GROUP = UUID("00000000-0000-4000-8000-0000000000e1")
ADAS, BENS = UUID("00000000-0000-4000-8000-0000000000f1"), UUID("00000000-0000-4000-8000-0000000000f2")
MEETING = UUID("00000000-0000-4000-8000-0000000000e2")
ADA_JOINED = VolunteerJoinedGroup(volunteering_id=ADAS, group_id=GROUP, member_id=ADA)
ADA_LEFT = VolunteerLeftGroup(volunteering_id=ADAS, group_id=GROUP, member_id=ADA)
BEN_LEFT = VolunteerLeftGroup(volunteering_id=BENS, group_id=GROUP, member_id=BEN)
BEN_JOINED = VolunteerJoinedGroup(volunteering_id=BENS, group_id=GROUP, member_id=BEN)
STARTS = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)
AS_SAID = "2027-02-11T14:00:00Z"
SCHEDULED = GroupMeetingScheduled(
    meeting_id=MEETING, group_id=GROUP, starts_at=STARTS, ends_at=datetime(2027, 2, 11, 15, 0, tzinfo=UTC)
)
EXTENDED = TaskGroupExtended(group_id=GROUP, ends_on=date(2027, 9, 30))
DISBANDED = TaskGroupDisbanded(group_id=GROUP, disbanded_on=date(2027, 1, 15), all_met=True)


@pytest.fixture
async def two(notifications: Database) -> Database:
    """Ada and Ben, whose welcomes are gone."""
    notifications.clock = lambda: datetime(2027, 1, 15, 10, 0, tzinfo=UTC)
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications


async def told(database: Database) -> list[tuple[Any, ...]]:
    found = await rows(database, "SELECT member_id, template, useful_until FROM notice ORDER BY number, member_id")
    return [(str(member_id)[-1], *rest) for member_id, *rest in found]


async def volunteers(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT volunteering_id, group_id, member_id FROM volunteering ORDER BY 1")


async def test_take_in_once_keeps_who_is_in_the_group_and_tells_nobody(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))

    assert (await volunteers(two), await told(two)) == ([(ADAS, GROUP, ADA)], [])


async def test_take_in_twice_is_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))
    again = await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await volunteers(two) == [(ADAS, GROUP, ADA)]


async def test_take_in_out_of_order_after_a_leaving_or_the_groups_end_keeps_nobody(two: Database) -> None:
    await leaves(two, ADA)
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(DISBANDED, 1), said(BEN_JOINED, 1))

    assert await volunteers(two) == []


async def test_take_out_once_lets_go_of_one_alone(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1), said(ADA_LEFT, 2))
    await deliver(two, "notifications", MEMBERS, said(SCHEDULED, 1))

    assert await volunteers(two) == [(BENS, GROUP, BEN)]
    assert await told(two) == [("b", "group-meeting", STARTS)]


async def test_take_out_once_and_twice_of_a_group_that_has_closed_tells_who_was_in_it_once(two: Database) -> None:
    closed = ADA_LEFT.model_copy(update={"closed": True})
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(closed, 2))
    again = await deliver(two, "notifications", MEMBERS, said(closed, 2))

    assert (again.repeats, await volunteers(two)) == (1, [])
    assert await told(two) == [("a", "group-closed", None)]


async def test_take_out_out_of_order_tells_of_the_closing_once_the_joining_has_come(two: Database) -> None:
    closed = ADA_LEFT.model_copy(update={"closed": True})
    await deliver(two, "notifications", MEMBERS, said(closed, 2))
    assert await told(two) == []

    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))
    assert (await told(two), await volunteers(two)) == ([("a", "group-closed", None)], [])


LATER = datetime(2027, 2, 12, 14, 0, tzinfo=UTC)
MOVED = SCHEDULED.model_copy(update={"starts_at": LATER, "changes": 1})
CANCELLED = MOVED.model_copy(update={"changes": 2, "cancelled": True})


async def states(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT state, reason, useful_until FROM notice ORDER BY number")


async def test_tell_volunteers_once_and_twice_of_a_move_and_a_cancellation_and_not_of_what_was_before(
    two: Database,
) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(SCHEDULED, 1), said(MOVED, 2))
    assert await states(two) == [("cancelled", "it was no longer so before it was sent", STARTS), ("due", None, LATER)]

    await deliver(two, "notifications", MEMBERS, said(CANCELLED, 3))
    again = await deliver(two, "notifications", MEMBERS, said(MOVED, 2), said(CANCELLED, 3))
    assert again.repeats == 2
    assert await states(two) == [
        ("cancelled", "it was no longer so before it was sent", STARTS),
        ("cancelled", "it was no longer so before it was sent", LATER),
        ("due", None, LATER),
    ]


async def test_tell_volunteers_out_of_order_of_a_cancellation_waits_for_the_meeting(two: Database) -> None:
    early = await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(CANCELLED, 3), said(MOVED, 2))
    assert (early.parked, await told(two)) == (2, [])

    await deliver(two, "notifications", MEMBERS, said(SCHEDULED, 1))
    assert [state for state, *_ in await states(two)] == ["cancelled", "cancelled", "due"]


async def kept(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT volunteering_id, group_id, member_id FROM was_in_group ORDER BY 1")


async def test_tell_volunteers_out_of_order_of_a_meeting_cancelled_as_its_group_ends_tells_who_was_in_it(
    two: Database,
) -> None:
    cancelled = SCHEDULED.model_copy(update={"changes": 1, "cancelled": True})
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1), said(ADA_LEFT, 2))
    await deliver(two, "notifications", MEMBERS, said(SCHEDULED, 1), said(DISBANDED, 1))
    assert (await volunteers(two), await kept(two)) == ([], [(BENS, GROUP, BEN)])

    await deliver(two, "notifications", MEMBERS, said(cancelled, 2))
    again = await deliver(two, "notifications", MEMBERS, said(cancelled, 2))

    assert again.repeats == 1
    assert [each[:2] for each in await told(two)] == [
        ("b", "group-meeting"),
        ("b", "group-disbanded"),
        ("b", "group-meeting"),
    ]
    assert [state for state, *_ in await states(two)] == ["cancelled", "due", "due"]


async def test_take_out_of_a_group_that_has_closed_leaves_who_hears_of_its_cancelled_meetings_until_they_leave(
    two: Database,
) -> None:
    closed = [each.model_copy(update={"closed": True}) for each in (ADA_LEFT, BEN_LEFT)]
    cancelled = SCHEDULED.model_copy(update={"changes": 1, "cancelled": True})
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1), said(SCHEDULED, 1))
    await deliver(two, "notifications", MEMBERS, *(said(each, 2) for each in closed))
    assert await kept(two) == [(ADAS, GROUP, ADA), (BENS, GROUP, BEN)]

    await leaves(two, ADA)
    assert await kept(two) == [(BENS, GROUP, BEN)]
    await deliver(two, "notifications", MEMBERS, said(cancelled, 2))

    cancellations = "SELECT member_id FROM notice JOIN occasion USING (event_id) WHERE facts->>'cancelled' = 'true'"
    assert await rows(two, cancellations) == [(BEN,)]


async def test_take_out_twice_is_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(ADA_LEFT, 2))
    again = await deliver(two, "notifications", MEMBERS, said(ADA_LEFT, 2))

    assert (again.applied, again.repeats, await volunteers(two)) == (0, 1, [])


async def test_take_out_out_of_order_waits_for_the_joining(two: Database) -> None:
    early = await deliver(two, "notifications", MEMBERS, said(ADA_LEFT, 2))
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))

    assert (early.applied, await volunteers(two)) == (0, [])


async def test_tell_volunteers_once_tells_everybody_in_the_group_of_a_meeting_until_it_begins(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1), said(SCHEDULED, 1))

    assert await told(two) == [("a", "group-meeting", STARTS), ("b", "group-meeting", STARTS)]
    kept = "SELECT subject, facts::text FROM occasion WHERE type = 'GroupMeetingScheduled'"
    assert await rows(two, kept) == [
        (
            MEETING,
            f'{{"title": null, "changes": 0, "group_id": "{GROUP}", "cancelled": false, "starts_at": "{AS_SAID}"}}',
        )
    ]


async def test_tell_volunteers_twice_tells_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(EXTENDED, 1))
    again = await deliver(two, "notifications", MEMBERS, said(EXTENDED, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await told(two) == [("a", "group-extended", None)]


async def test_tell_volunteers_out_of_order_after_a_leaving_or_once_it_began_tells_nobody(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1))
    await leaves(two, ADA)
    await deliver(two, "notifications", MEMBERS, said(EXTENDED, 1), said(BEN_JOINED, 1))
    two.clock = lambda: STARTS
    await deliver(two, "notifications", MEMBERS, said(SCHEDULED, 1))

    assert (await told(two), await volunteers(two)) == ([], [(BENS, GROUP, BEN)])


async def test_disband_once_tells_everybody_and_nobody_is_in_the_group(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1), said(DISBANDED, 1))
    await deliver(two, "notifications", MEMBERS, said(SCHEDULED, 1))

    assert await told(two) == [("a", "group-disbanded", None), ("b", "group-disbanded", None)]
    assert await volunteers(two) == []


async def test_disband_twice_tells_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(DISBANDED, 1))
    again = await deliver(two, "notifications", MEMBERS, said(DISBANDED, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await told(two) == [("a", "group-disbanded", None)]


async def test_disband_out_of_order_before_what_came_first_waits_for_it(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(DISBANDED, 2), said(EXTENDED, 1))

    assert await told(two) == [("a", "group-extended", None), ("a", "group-disbanded", None)]


async def test_of_somebody_erased_no_group_is_kept(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(ADA_JOINED, 1), said(BEN_JOINED, 1))
    await deliver(two, "notifications", MEMBERS, said(erasure_requested(ADA), 2))

    assert await volunteers(two) == [(BENS, GROUP, BEN)]
