"""Every reaction, with its event heard once, twice and out of order."""

from datetime import date
from uuid import UUID

from chassis.database import Database
from chassis.testing import Delivery, Outcome, deliver, said
from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import store
from mentoring.app import MEMBERS

ADA = UUID("00000000-0000-4000-8000-00000000000a")

JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7)
TRANSFERRED = MemberTransferred(member_id=ADA, organisation="DEFRA", grade_band=GradeBand.G7_G6, grade=Grade.G6)
LEFT = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))


async def hear(mentoring: Database, *deliveries: Delivery) -> Outcome:
    return await deliver(mentoring, "mentoring", MEMBERS, *deliveries)


async def profile(mentoring: Database) -> tuple[str | None, Grade | None, bool] | None:
    """Organisation, grade and whether it is closed; None when there is none."""
    async with mentoring.transaction() as tx:
        found = await store.profile_of(tx, ADA)
    return None if found is None else (found.organisation, found.grade, found.closed_at is not None)


async def test_open_profile_once_keeps_organisation_and_grade(mentoring: Database) -> None:
    outcome = await hear(mentoring, said(JOINED, 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)
    assert await profile(mentoring) == ("UKHSA", "HEO", False)


async def test_open_profile_twice_opens_one(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1))
    outcome = await hear(mentoring, said(JOINED, 1), said(JOINED, 1))

    assert outcome == Outcome(applied=0, repeats=2, parked=0)
    async with mentoring.transaction() as tx:
        assert await store.count_open(tx) == 1


async def test_open_profile_out_of_order_takes_along_what_waited_for_it(mentoring: Database) -> None:
    await hear(mentoring, said(TRANSFERRED, 3))
    await hear(mentoring, said(PROMOTED, 2))
    assert await profile(mentoring) is None

    await hear(mentoring, said(JOINED, 1))

    assert await profile(mentoring) == ("DEFRA", "G6", False)


async def test_follow_grade_once_keeps_the_new_grade(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(PROMOTED, 2))

    assert await profile(mentoring) == ("UKHSA", "G7", False)


async def test_follow_grade_twice_does_not_undo_what_came_between(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(PROMOTED, 2), said(TRANSFERRED, 3))
    outcome = await hear(mentoring, said(PROMOTED, 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await profile(mentoring) == ("DEFRA", "G6", False)


async def test_follow_grade_out_of_order_waits_until_the_member_has_joined(mentoring: Database) -> None:
    outcome = await hear(mentoring, said(PROMOTED, 2))
    assert outcome == Outcome(applied=0, repeats=0, parked=1)
    assert await profile(mentoring) is None

    await hear(mentoring, said(JOINED, 1))

    assert await profile(mentoring) == ("UKHSA", "G7", False)


async def test_follow_transfer_once_keeps_the_new_organisation_and_grade(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(TRANSFERRED, 2))

    assert await profile(mentoring) == ("DEFRA", "G6", False)


async def test_follow_transfer_twice_does_not_undo_what_came_between(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(TRANSFERRED, 2), said(PROMOTED, 3))
    outcome = await hear(mentoring, said(TRANSFERRED, 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await profile(mentoring) == ("UKHSA", "G7", False)


async def test_follow_transfer_out_of_order_waits_for_the_change_before_it(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(TRANSFERRED, 3))
    assert await profile(mentoring) == ("UKHSA", "HEO", False)

    await hear(mentoring, said(PROMOTED, 2))

    assert await profile(mentoring) == ("DEFRA", "G6", False)


async def test_close_profile_once_empties_it(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(LEFT, 2))

    assert await profile(mentoring) == (None, None, True)
    async with mentoring.transaction() as tx:
        assert await store.count_open(tx) == 0


async def test_close_profile_twice_closes_it_once(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(LEFT, 2))
    outcome = await hear(mentoring, said(LEFT, 2), said(JOINED, 1))

    assert outcome == Outcome(applied=0, repeats=2, parked=0)
    assert await profile(mentoring) == (None, None, True)


async def test_close_profile_out_of_order_waits_and_nothing_opens_the_profile_again(mentoring: Database) -> None:
    await hear(mentoring, said(LEFT, 3), said(PROMOTED, 2))
    assert await profile(mentoring) is None

    await hear(mentoring, said(JOINED, 1))

    assert await profile(mentoring) == (None, None, True)


async def test_nothing_after_a_departure_opens_a_profile_again(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(LEFT, 2), said(PROMOTED, 3), said(TRANSFERRED, 4), said(JOINED, 5))

    assert await profile(mentoring) == (None, None, True)
