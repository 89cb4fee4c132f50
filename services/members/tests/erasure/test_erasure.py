"""What members decides about an erasure."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.erasure import (
    Holder,
    MemberDataErasedByMembers,
    MemberErased,
    MemberErasureCompleted,
    MemberErasureRequested,
    MemberErasureStalled,
)
from members.erasure import domain as erasure
from members.erasure.domain import Erasure

ADA = UUID("00000000-0000-4000-8000-00000000000a")
MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def begun() -> Erasure:
    return erasure.begin(ADA, now=MARCH, hours=24)[0]


def test_an_erasure_begins_with_the_receipt_of_members_and_a_day_for_the_others() -> None:
    its, said = erasure.begin(ADA, now=MARCH, hours=24)

    assert its == Erasure(ADA, MARCH, datetime(2026, 3, 2, 9, 0, tzinfo=UTC), {Holder.MEMBERS: MARCH})
    assert said == [MemberErasureRequested(member_id=ADA), MemberDataErasedByMembers(member_id=ADA)]


def test_the_last_receipt_completes_it_in_whatever_order_they_come() -> None:
    its = begun()
    said = []
    for hours, holder in enumerate((Holder.NOTIFICATIONS, Holder.MENTORING, Holder.EVENTS), start=1):
        its, told = erasure.note(its, holder, MARCH + hours * HOUR)
        said.append(told)

    assert said == [[], [], [MemberErasureCompleted(member_id=ADA), MemberErased(member_id=ADA)]]
    assert its.completed_at == MARCH + 3 * HOUR
    assert list(its.receipts) == [Holder.MEMBERS, Holder.NOTIFICATIONS, Holder.MENTORING, Holder.EVENTS]


def test_a_receipt_that_is_there_changes_nothing_and_completes_nothing_twice() -> None:
    its = begun()
    for holder in Holder:
        its, _ = erasure.note(its, holder, MARCH)

    assert erasure.note(its, Holder.EVENTS, MARCH + HOUR) == (its, [])


def test_who_has_not_answered_is_late_from_the_due_instant_on_and_a_late_receipt_still_completes_it() -> None:
    its, _ = erasure.note(begun(), Holder.MENTORING, MARCH)
    tomorrow = MARCH + 24 * HOUR

    assert erasure.late(its, tomorrow - timedelta(seconds=1)) == []
    assert erasure.late(its, tomorrow) == [Holder.EVENTS, Holder.NOTIFICATIONS]
    its, said = erasure.stall(its, tomorrow)
    assert said == MemberErasureStalled(member_id=ADA, late=[Holder.EVENTS, Holder.NOTIFICATIONS])
    its, _ = erasure.note(its, Holder.EVENTS, tomorrow)
    its, completed = erasure.note(its, Holder.NOTIFICATIONS, tomorrow)
    assert completed == [MemberErasureCompleted(member_id=ADA), MemberErased(member_id=ADA)]
    assert (its.stalled_at, its.completed_at) == (tomorrow, tomorrow)
