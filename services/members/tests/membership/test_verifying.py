"""Which links confirm an address, and when another may be sent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from contracts.members import Grade, MemberContactChanged
from contracts.refusal import Refused
from members.membership import verifying
from members.membership.domain import HasLeft, Member
from members.membership.verifying import AlreadyVerified, AskedJustNow, LinkExpired, NoSuchLink

ADA = UUID("00000000-0000-4000-8000-00000000000a")
ASKED, NEXT = UUID("00000000-0000-4000-8000-0000000000a1"), UUID("00000000-0000-4000-8000-0000000000a2")
MORNING = datetime(2027, 2, 11, 9, tzinfo=UTC)
MEMBER = Member(
    ADA,
    "Ada Byron",
    "ada@ukhsa.example",
    "UKHSA",
    Grade.SEO,
    (),
    (),
    date(2027, 2, 11),
    verification_id=ASKED,
    verification_asked_at=MORNING,
)
LAST = MORNING + timedelta(hours=48) - timedelta(microseconds=1)


@pytest.mark.parametrize("now", [MORNING, LAST])
def test_the_link_confirms_until_48_hours_have_passed(now: datetime) -> None:
    assert verifying.confirm(MEMBER, is_right=True, now=now) == replace(MEMBER, address_verified_at=now)


@pytest.mark.parametrize(
    ("member", "proof", "now", "refusal"),
    [
        (None, "right", MORNING, NoSuchLink),
        (MEMBER, "wrong", MORNING, NoSuchLink),
        (MEMBER, "right", MORNING + timedelta(hours=48), LinkExpired),
        (replace(MEMBER, address_verified_at=MORNING), "right", LAST, AlreadyVerified),
        (replace(MEMBER, address_verified_at=MORNING), "right", LAST + timedelta(days=9), AlreadyVerified),
        (replace(MEMBER, address_verified_at=MORNING), "wrong", LAST, NoSuchLink),
    ],
    ids=["nobody", "another address", "late", "used", "used and late", "used by a stranger"],
)
def test_other_links_are_refused(member: Member | None, proof: str, now: datetime, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        verifying.confirm(member, is_right=proof == "right", now=now)


def test_another_link_is_the_only_one_that_works_then() -> None:
    later = MORNING + timedelta(minutes=10)

    asked, said = verifying.ask_again(MEMBER, NEXT, later)

    assert asked == replace(MEMBER, verification_id=NEXT, verification_asked_at=later)
    assert said == MemberContactChanged(
        member_id=ADA, name="Ada Byron", email="ada@ukhsa.example", verification_id=NEXT
    )


def test_another_link_is_refused_within_ten_minutes_and_says_until_when() -> None:
    with pytest.raises(AskedJustNow, match=r"from Thursday 11 February, 9:10am"):
        verifying.ask_again(MEMBER, NEXT, MORNING + timedelta(minutes=9, seconds=59))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"address_verified_at": MORNING}, AlreadyVerified),
        ({"verification_id": None, "verified_by": "organisation"}, AlreadyVerified),
        ({"left_on": date(2027, 2, 12)}, HasLeft),
    ],
)
def test_who_has_nothing_to_confirm_gets_no_link(changed: dict[str, object], refusal: type[Refused]) -> None:
    member = replace(MEMBER, **changed)  # type: ignore[arg-type]  # the cases name fields and values that fit

    with pytest.raises(refusal):
        verifying.ask_again(member, NEXT, MORNING + timedelta(days=1))
