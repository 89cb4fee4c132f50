"""Every reaction, with its event heard once, twice and out of order."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.testing import Delivery, Outcome, deliver, said, what_was_said
from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from events import hosted_event_store, store
from events.app import MEMBERS
from events.hosting import HostedEvent, Registration
from testkit.examples import erased, erasure_requested, joined

ADA = UUID("00000000-0000-4000-8000-00000000000a")

JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7)
TRANSFERRED = MemberTransferred(member_id=ADA, organisation="DEFRA", grade_band=GradeBand.SCS, grade=Grade.SCS1)
LEFT = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))


async def hear(events: Database, *deliveries: Delivery) -> Outcome:
    return await deliver(events, "events", MEMBERS, *deliveries)


async def invitee(events: Database) -> tuple[str | None, GradeBand | None, bool] | None:
    """Organisation, grade band and whether they left; None when there is none."""
    async with events.transaction() as tx:
        found = await store.invitee_of(tx, ADA)
    return None if found is None else (found.organisation, found.grade_band, found.left_at is not None)


async def test_keep_invitees_once_keeps_organisation_and_grade_band(events: Database) -> None:
    outcome = await hear(events, said(JOINED, 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)
    assert await invitee(events) == ("UKHSA", "HEO-SEO", False)


async def test_keep_invitees_once_of_several_leaves_out_who_is_erased(events: Database) -> None:
    await hear(events, said(erasure_requested(ADA), 1))
    await hear(events, *(said(joined(uuid4()), 1) for _ in range(3)), said(JOINED, 2))

    async with events.transaction() as tx:
        assert await store.count_present(tx) == 3


async def test_keep_invitees_twice_keeps_one(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    outcome = await hear(events, said(JOINED, 1), said(JOINED, 1))

    assert outcome == Outcome(applied=0, repeats=2, parked=0)
    async with events.transaction() as tx:
        assert await store.count_present(tx) == 1


async def test_keep_invitees_out_of_order_takes_along_what_waited_for_it(events: Database) -> None:
    await hear(events, said(TRANSFERRED, 3))
    await hear(events, said(PROMOTED, 2))
    assert await invitee(events) is None

    await hear(events, said(JOINED, 1))

    assert await invitee(events) == ("DEFRA", "SCS", False)


async def test_follow_grade_once_keeps_the_new_grade(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(PROMOTED, 2))

    assert await invitee(events) == ("UKHSA", "G7-G6", False)


async def test_follow_grade_twice_does_not_undo_what_came_between(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(PROMOTED, 2), said(TRANSFERRED, 3))
    outcome = await hear(events, said(PROMOTED, 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await invitee(events) == ("DEFRA", "SCS", False)


async def test_follow_grade_out_of_order_waits_until_the_member_has_joined(events: Database) -> None:
    outcome = await hear(events, said(PROMOTED, 2))
    assert outcome == Outcome(applied=0, repeats=0, parked=1)
    assert await invitee(events) is None

    await hear(events, said(JOINED, 1))

    assert await invitee(events) == ("UKHSA", "G7-G6", False)


async def test_follow_transfer_once_keeps_the_new_organisation_and_grade(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(TRANSFERRED, 2))

    assert await invitee(events) == ("DEFRA", "SCS", False)


async def test_follow_transfer_twice_does_not_undo_what_came_between(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(TRANSFERRED, 2), said(PROMOTED, 3))
    outcome = await hear(events, said(TRANSFERRED, 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await invitee(events) == ("UKHSA", "G7-G6", False)


async def test_follow_transfer_out_of_order_waits_for_the_change_before_it(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(TRANSFERRED, 3))
    assert await invitee(events) == ("UKHSA", "HEO-SEO", False)

    await hear(events, said(PROMOTED, 2))

    assert await invitee(events) == ("DEFRA", "SCS", False)


async def test_let_go_once_empties_the_row(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(LEFT, 2))

    assert await invitee(events) == (None, None, True)
    async with events.transaction() as tx:
        assert await store.count_present(tx) == 0


async def test_let_go_twice_lets_go_once(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(LEFT, 2))
    outcome = await hear(events, said(LEFT, 2), said(JOINED, 1))

    assert outcome == Outcome(applied=0, repeats=2, parked=0)
    assert await invitee(events) == (None, None, True)


async def test_let_go_out_of_order_waits_and_nothing_brings_the_member_back(events: Database) -> None:
    await hear(events, said(LEFT, 3), said(PROMOTED, 2))
    assert await invitee(events) is None

    await hear(events, said(JOINED, 1))

    assert await invitee(events) == (None, None, True)


async def test_nothing_after_a_departure_brings_a_member_back(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(LEFT, 2), said(PROMOTED, 3), said(TRANSFERRED, 4), said(JOINED, 5))

    assert await invitee(events) == (None, None, True)


HOSTED_EVENT = HostedEvent(
    hosted_event_id=UUID("00000000-0000-4000-8000-0000000000e1"),
    title="Women and girls in science",
    summary="Talks and questions.",
    link="https://gse.example/science",
    place="Online",
    starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
    ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
    capacity=2,
    key_date_id=None,
    proposed_by=UUID("00000000-0000-4000-8000-0000000000a1"),
)


async def take_a_place(events: Database) -> None:
    async with events.transaction() as tx:
        await hosted_event_store.add(tx, HOSTED_EVENT)
        seat = Registration(uuid4(), HOSTED_EVENT.hosted_event_id, ADA, registered_at=tx.now)
        await hosted_event_store.register(tx, seat)


async def places_taken(events: Database) -> int:
    async with events.transaction() as tx:
        return (await hosted_event_store.places_taken(tx, [HOSTED_EVENT.hosted_event_id])).get(
            HOSTED_EVENT.hosted_event_id, 0
        )


async def test_let_go_once_frees_the_leavers_place(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    await take_a_place(events)

    await hear(events, said(LEFT, 2))

    assert await places_taken(events) == 0


async def test_let_go_twice_frees_it_once_and_is_no_bug(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    await take_a_place(events)

    await hear(events, said(LEFT, 2))
    outcome = await hear(events, said(LEFT, 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await places_taken(events) == 0


async def test_let_go_out_of_order_keeps_the_place_until_the_departure_counts(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    await take_a_place(events)

    await hear(events, said(LEFT, 3))
    assert await places_taken(events) == 1
    await hear(events, said(PROMOTED, 2))

    assert await places_taken(events) == 0


async def held(events: Database) -> tuple[int, int, int]:
    """How many rows Ada has: as invitee, as registered, as erased."""
    async with events.transaction() as tx:
        found = await tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM invitee WHERE member_id = $1),
                (SELECT count(*) FROM registration WHERE member_id = $1),
                (SELECT count(*) FROM erased_member WHERE member_id = $1)""",
            ADA,
        )
    return tuple(found or ())


async def test_erase_once_deletes_all_but_the_bare_id_frees_the_place_and_says_so(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    await take_a_place(events)

    await hear(events, said(erasure_requested(ADA), 2))

    assert await held(events) == (0, 0, 1)
    assert await places_taken(events) == 0
    assert await what_was_said(events, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_erase_once_takes_a_leaver_too(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(LEFT, 2), said(erasure_requested(ADA), 3))

    assert await held(events) == (0, 0, 1)


async def test_erase_twice_says_one_receipt(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(erasure_requested(ADA), 2))
    outcome = await hear(events, said(erasure_requested(ADA), 2))

    assert outcome == Outcome(applied=0, repeats=1, parked=0)
    assert await what_was_said(events, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_erase_out_of_order_waits_and_nothing_that_comes_after_brings_anything_back(events: Database) -> None:
    await hear(events, said(erasure_requested(ADA), 3), said(PROMOTED, 2))
    assert await held(events) == (0, 0, 0)

    await hear(events, said(JOINED, 1))
    assert await held(events) == (0, 0, 1)

    await hear(events, *(said(its, 4 + place) for place, its in enumerate((JOINED, PROMOTED, TRANSFERRED, LEFT))))
    assert await held(events) == (0, 0, 1)


async def test_a_replay_from_the_beginning_brings_nothing_back(events: Database) -> None:
    life = [said(JOINED, 1), said(PROMOTED, 2), said(erasure_requested(ADA), 3), said(erased(ADA), 4)]
    await hear(events, *life)
    async with events.transaction() as tx:
        await tx.execute("DELETE FROM progress")

    outcome = await hear(events, *life)

    assert outcome == Outcome(applied=4, repeats=0, parked=0)
    assert await held(events) == (0, 0, 1)


async def test_sweep_once_takes_what_came_late_and_says_nothing(events: Database) -> None:
    await hear(events, said(JOINED, 1))
    await take_a_place(events)

    await hear(events, said(erased(ADA), 2))

    assert await held(events) == (0, 0, 1)
    assert await what_was_said(events, ADA) == []


async def test_sweep_twice_changes_nothing(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(erased(ADA), 2))
    outcome = await hear(events, said(erased(ADA), 2), said(erased(ADA), 3))

    assert outcome == Outcome(applied=1, repeats=1, parked=0)
    assert await held(events) == (0, 0, 1)


async def test_sweep_out_of_order_waits_for_the_request(events: Database) -> None:
    await hear(events, said(JOINED, 1), said(erased(ADA), 3))
    assert await held(events) == (1, 0, 0)

    await hear(events, said(erasure_requested(ADA), 2))

    assert await held(events) == (0, 0, 1)
