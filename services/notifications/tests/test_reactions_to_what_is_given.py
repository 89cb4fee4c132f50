"""What members were given, for their own pages; each event once, twice and out of order."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.base import DomainEvent
from contracts.groups import ChampionAppointed, ChampionTermEnded
from contracts.members import Grade, GradeBand, MemberGradeChanged
from contracts.opportunities import (
    FocusGroupHeld,
    ParticipantsSelected,
    PlaceGivenUp,
    ShadowBoardMemberAppointed,
    ShadowBoardMemberStoodDown,
    ShadowBoardTermEnded,
)
from notifications.app import MEMBERS
from notifications.testing import joins, leaves, rows
from testkit.examples import erasure_requested

ADA, BEN = UUID("00000000-0000-4000-8000-00000000000a"), UUID("00000000-0000-4000-8000-00000000000b")
TERM, THEME, SEAT, CALL = (UUID(f"00000000-0000-4000-8000-0000000000e{each}") for each in range(1, 5))
LAST: Final = date(2027, 3, 31)
APPOINTED = ChampionAppointed(term_id=TERM, theme_id=THEME, member_id=ADA, ends_on=LAST)
ENDED = ChampionTermEnded(term_id=TERM, theme_id=THEME, member_id=ADA, ended="over", vacancy=False)
SEATED = ShadowBoardMemberAppointed(seat_id=SEAT, member_id=ADA, starts_on=date(2027, 2, 1), ends_on=LAST)
UNSEATED = ShadowBoardTermEnded(seat_id=SEAT, ended_on=LAST)
SELECTED = ParticipantsSelected(opportunity_id=CALL, member_ids=(ADA, BEN))
STOOD_DOWN = ShadowBoardMemberStoodDown(seat_id=SEAT, member_id=ADA, ended_on=date(2027, 2, 20))
GIVEN_UP = PlaceGivenUp(opportunity_id=CALL, member_id=ADA)
HELD = FocusGroupHeld(opportunity_id=CALL, held_on=date(2027, 3, 1))
CHAMPION, A_SEAT = ("a", "champion", THEME, LAST), ("a", "seat", SEAT, LAST)
PLACES: Final = [("a", "place", CALL, None), ("b", "place", CALL, None)]


@pytest.fixture
async def two(notifications: Database) -> Database:
    """Ada and Ben, whose welcomes are gone."""
    notifications.clock = lambda: datetime(2027, 1, 15, 10, 0, tzinfo=UTC)
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications


async def hear(database: Database, *events: tuple[DomainEvent, int]) -> Any:
    return await deliver(database, "notifications", MEMBERS, *(said(its, number) for its, number in events))


async def given(database: Database) -> list[tuple[Any, ...]]:
    found = await rows(database, "SELECT member_id, what, about_id, until FROM given ORDER BY what, member_id")
    return [(str(member_id)[-1], *rest) for member_id, *rest in found]


async def told(database: Database) -> list[tuple[str, str]]:
    found = await rows(database, "SELECT member_id, template FROM notice ORDER BY template, member_id")
    return [(str(member_id)[-1], template) for member_id, template in found]


async def test_appoint_champion_once_is_on_their_page(two: Database) -> None:
    await hear(two, (APPOINTED, 1))

    assert await given(two) == [CHAMPION]


async def test_appoint_champion_twice_is_once(two: Database) -> None:
    await hear(two, (APPOINTED, 1))
    again = await hear(two, (APPOINTED, 1))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [CHAMPION])


async def test_appoint_champion_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (APPOINTED, 2))

    assert (early.parked, await given(two)) == (1, [])


async def test_end_championship_once_is_on_it_no_more(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (ENDED, 2))

    assert await given(two) == []


async def test_end_championship_twice_is_once(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (ENDED, 2))
    again = await hear(two, (ENDED, 2))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [])


async def test_end_championship_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (ENDED, 2))
    assert (early.parked, await given(two)) == (1, [])

    await hear(two, (APPOINTED, 1))
    assert await given(two) == []


async def test_seat_once_is_on_their_page(two: Database) -> None:
    await hear(two, (SEATED, 1))

    assert await given(two) == [A_SEAT]


async def test_seat_twice_is_once(two: Database) -> None:
    await hear(two, (SEATED, 1))
    again = await hear(two, (SEATED, 1))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [A_SEAT])


async def test_seat_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (SEATED, 2))

    assert (early.parked, await given(two)) == (1, [])


async def test_unseat_once_is_on_it_no_more(two: Database) -> None:
    await hear(two, (SEATED, 1), (UNSEATED, 2))

    assert await given(two) == []


async def test_unseat_twice_is_once(two: Database) -> None:
    await hear(two, (SEATED, 1), (UNSEATED, 2))
    again = await hear(two, (UNSEATED, 2))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [])


async def test_unseat_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (UNSEATED, 2))
    assert (early.parked, await given(two)) == (1, [])

    await hear(two, (SEATED, 1))
    assert await given(two) == []


async def test_give_places_once_is_on_the_page_of_each(two: Database) -> None:
    await hear(two, (SELECTED, 1))

    assert await given(two) == PLACES


async def test_give_places_twice_is_once(two: Database) -> None:
    await hear(two, (SELECTED, 1))
    again = await hear(two, (SELECTED, 1))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, PLACES)


async def test_give_places_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (SELECTED, 2))

    assert (early.parked, await given(two)) == (1, [])


async def test_stand_down_once_is_on_it_no_more_and_who_serves_the_rest_has_it(two: Database) -> None:
    rest = SEATED.model_copy(update={"member_id": BEN})
    await hear(two, (SEATED, 1), (STOOD_DOWN, 2), (rest, 3))

    assert await given(two) == [("b", "seat", SEAT, LAST)]
    assert ("a", "seat-ended") in await told(two)


async def test_stand_down_twice_is_once(two: Database) -> None:
    await hear(two, (SEATED, 1), (STOOD_DOWN, 2))
    again = await hear(two, (STOOD_DOWN, 2))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [])


async def test_stand_down_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (STOOD_DOWN, 2))
    assert (early.parked, await told(two)) == (1, [])

    await hear(two, (SEATED, 1))
    assert await given(two) == []


async def test_give_up_place_once_is_on_it_no_more_and_others_keep_theirs(two: Database) -> None:
    await hear(two, (SELECTED, 1), (GIVEN_UP, 2))

    assert [who for who, *_ in await given(two)] == ["b"]
    assert await told(two) == [("a", "chosen"), ("b", "chosen")]


async def test_give_up_place_twice_is_once(two: Database) -> None:
    await hear(two, (SELECTED, 1), (GIVEN_UP, 2))
    again = await hear(two, (GIVEN_UP, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert [who for who, *_ in await given(two)] == ["b"]


async def test_give_up_place_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (GIVEN_UP, 2))
    assert early.parked == 1

    await hear(two, (SELECTED, 1))
    assert [who for who, *_ in await given(two)] == ["b"]


async def test_let_places_go_once_is_on_no_page_any_more(two: Database) -> None:
    await hear(two, (SELECTED, 1), (HELD, 2))

    assert await given(two) == []


async def test_let_places_go_twice_is_once(two: Database) -> None:
    await hear(two, (SELECTED, 1), (HELD, 2))
    again = await hear(two, (HELD, 2))

    assert (again.applied, again.repeats, await given(two)) == (0, 1, [])


async def test_let_places_go_out_of_order_waits_for_what_was_said_before_it(two: Database) -> None:
    early = await hear(two, (HELD, 2))
    assert (early.parked, await given(two)) == (1, [])

    await hear(two, (SELECTED, 1))
    assert await given(two) == []


async def test_what_is_given_is_kept_and_told(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (SEATED, 1), (SELECTED, 1))

    assert await given(two) == [CHAMPION, *PLACES, A_SEAT]
    assert await told(two) == [("a", "appointed"), ("a", "champion-appointed"), ("a", "chosen"), ("b", "chosen")]


async def test_a_leaver_has_nothing_of_it_whichever_comes_first(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (SELECTED, 1))
    await leaves(two, ADA)
    await hear(two, (SEATED, 1))

    assert await given(two) == PLACES[1:]


async def test_of_somebody_erased_nothing_is_kept(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (SELECTED, 1), (erasure_requested(ADA), 2))

    assert await given(two) == PLACES[1:]


async def grades(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT grade FROM recipient WHERE member_id = $1", ADA)


PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7)


async def test_follow_grade_once_keeps_the_new_grade(two: Database) -> None:
    assert await grades(two) == [("HEO",)]

    await hear(two, (PROMOTED, 2))
    assert await grades(two) == [("G7",)]


async def test_follow_grade_twice_keeps_it_and_tells_once(two: Database) -> None:
    await hear(two, (PROMOTED, 2))
    again = await hear(two, (PROMOTED, 2))
    assert (again.repeats, await grades(two), await told(two)) == (1, [("G7",)], [("a", "grade-changed")])


async def test_follow_grade_out_of_order_waits_and_a_leaver_has_none(two: Database) -> None:
    early = await hear(two, (PROMOTED, 3))
    assert (early.parked, await grades(two)) == (1, [("HEO",)])

    await leaves(two, ADA)
    assert await grades(two) == [(None,)]
