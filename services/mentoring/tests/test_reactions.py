"""Every reaction, with its event heard once, twice and out of order."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.testing import Delivery, Outcome, deliver, said, what_was_said
from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import pair_store, scheme_store, store
from mentoring.app import MEMBERS
from mentoring.domain import Enrolment, MatchRun, Scheme, Wishes
from mentoring.matching import Proposal
from testkit.examples import erased, erasure_requested, joined

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
RUN = UUID("00000000-0000-4000-8000-000000000001")
PUBLISHED = UUID("00000000-0000-4000-8000-000000000002")
PROPOSED = UUID("00000000-0000-4000-8000-000000000003")
MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CONNECT = Scheme(
    UUID("00000000-0000-4000-8000-000000000004"),
    "GSE Connect",
    "Peers help each other forward.",
    "https://gse.example/connect",
    across_organisations=True,
    opens_on=date(2026, 2, 11),
    opened_at=MARCH,
)

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


async def take_part(mentoring: Database) -> None:
    """Ada and Ben are enrolled in a scheme, paired by one run of it and proposed by another."""
    joined = JOINED.model_copy(update={"member_id": BEN, "organisation": "DEFRA"})
    await hear(mentoring, said(JOINED, 1), said(joined, 1))
    other_run = UUID("00000000-0000-4000-8000-000000000005")
    async with mentoring.transaction() as tx:
        await scheme_store.add(tx, CONNECT)
        for enrolment_id, member_id in enumerate((ADA, BEN)):
            wishes = Wishes(("Lead a team",), ("python",), ("writing",))
            await scheme_store.enrol(tx, Enrolment(UUID(int=enrolment_id), CONNECT.scheme_id, member_id, wishes, MARCH))
        for run_id, pair_id in ((RUN, PUBLISHED), (other_run, PROPOSED)):
            await pair_store.add_run(tx, MatchRun(run_id, CONNECT.scheme_id, MARCH))
            await pair_store.add_entrants(tx, run_id, [ADA, BEN])
            await pair_store.propose(tx, run_id, pair_id, Proposal(ADA, BEN, 6, ("Their grades are the same.",)))
        await pair_store.begin(tx, [PUBLISHED], MARCH)


async def rows(mentoring: Database) -> dict[str, int]:
    """How much is held beside the profiles, and what was said."""
    async with mentoring.transaction() as tx:
        found = await tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM enrolment) AS enrolments, (SELECT count(*) FROM entrant) AS entrants,
                (SELECT count(*) FROM pair WHERE created_at IS NULL) AS proposals,
                (SELECT count(*) FROM pair WHERE created_at IS NOT NULL AND ended_at IS NULL) AS pairs,
                (SELECT count(*) FROM pair WHERE reasons <> '{}') AS reasons, (SELECT count(*) FROM outbox) AS said"""
        )
    return dict(found or {})


async def test_open_profiles_once_keeps_organisation_and_grade(mentoring: Database) -> None:
    outcome = await hear(mentoring, said(JOINED, 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)
    assert await profile(mentoring) == ("UKHSA", "HEO", False)


async def test_open_profiles_once_of_several_leaves_out_who_is_erased(mentoring: Database) -> None:
    await hear(mentoring, said(erasure_requested(ADA), 1))
    await hear(mentoring, *(said(joined(uuid4()), 1) for _ in range(3)), said(JOINED, 2))

    async with mentoring.transaction() as tx:
        assert await store.count_open(tx) == 3


async def test_open_profiles_twice_opens_one(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1))
    outcome = await hear(mentoring, said(JOINED, 1), said(JOINED, 1))

    assert outcome == Outcome(applied=0, repeats=2, parked=0)
    async with mentoring.transaction() as tx:
        assert await store.count_open(tx) == 1


async def test_open_profiles_out_of_order_takes_along_what_waited_for_it(mentoring: Database) -> None:
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


async def test_close_profile_once_ends_pairs_and_deletes_enrolments_and_proposals(mentoring: Database) -> None:
    await take_part(mentoring)
    before = await rows(mentoring)

    await hear(mentoring, said(LEFT, 2))

    assert before == {"enrolments": 2, "entrants": 4, "proposals": 1, "pairs": 1, "reasons": 2, "said": 0}
    assert await rows(mentoring) == {
        "enrolments": 1, "entrants": 2, "proposals": 0, "pairs": 0, "reasons": 0, "said": 1
    }  # fmt: skip
    async with mentoring.transaction() as tx:
        event = await tx.fetchrow("SELECT type, subject, sequence, body, public_body FROM outbox")
    assert tuple(event or ()) == (
        "uk.gov.gse.mentoring.MentoringPairEnded.v1",
        PUBLISHED,
        1,
        f'{{"pair_id":"{PUBLISHED}","first_member_id":"{ADA}","second_member_id":"{BEN}"}}',
        None,
    )


async def test_close_profile_twice_ends_a_pair_once_also_when_both_members_leave(mentoring: Database) -> None:
    await take_part(mentoring)
    ben_left = LEFT.model_copy(update={"member_id": BEN})

    outcome = await hear(mentoring, said(LEFT, 2), said(LEFT, 2), said(ben_left, 2))

    assert outcome == Outcome(applied=2, repeats=1, parked=0)
    assert await rows(mentoring) == {
        "enrolments": 0, "entrants": 0, "proposals": 0, "pairs": 0, "reasons": 0, "said": 1
    }  # fmt: skip


async def test_close_profile_out_of_order_leaves_the_pair_until_what_came_before_is_there(mentoring: Database) -> None:
    await take_part(mentoring)

    await hear(mentoring, said(LEFT, 3))
    assert (await rows(mentoring))["pairs"] == 1

    await hear(mentoring, said(PROMOTED, 2))
    assert (await rows(mentoring))["pairs"] == 0


async def test_a_pair_survives_a_change_of_grade_and_of_organisation(mentoring: Database) -> None:
    await take_part(mentoring)

    await hear(mentoring, said(PROMOTED, 2), said(TRANSFERRED, 3))

    assert (await rows(mentoring))["pairs"] == 1


async def test_nothing_after_a_departure_opens_a_profile_again(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(LEFT, 2), said(PROMOTED, 3), said(TRANSFERRED, 4), said(JOINED, 5))

    assert await profile(mentoring) == (None, None, True)


async def held_of(mentoring: Database, member_id: UUID) -> dict[str, int]:
    """How many rows name the member, beside what was said of them."""
    async with mentoring.transaction() as tx:
        found = await tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM profile WHERE member_id = $1) AS profile,
                (SELECT count(*) FROM enrolment WHERE member_id = $1) AS enrolments,
                (SELECT count(*) FROM entrant WHERE member_id = $1) AS entrants,
                (SELECT count(*) FROM pair WHERE $1 IN (first_member_id, second_member_id)) AS pairs,
                (SELECT count(*) FROM erased_member WHERE member_id = $1) AS erased""",
            member_id,
        )
    return dict(found or {})


BARE = {"profile": 0, "enrolments": 0, "entrants": 0, "pairs": 0, "erased": 1}


async def test_erase_once_ends_the_pair_deletes_all_but_the_bare_id_and_says_so(mentoring: Database) -> None:
    await take_part(mentoring)

    await hear(mentoring, said(erasure_requested(ADA), 2))

    assert await held_of(mentoring, ADA) == BARE
    assert await what_was_said(mentoring, ADA, PUBLISHED) == [
        (
            "MentoringPairEnded",
            {"pair_id": str(PUBLISHED), "first_member_id": str(ADA), "second_member_id": str(BEN)},
        ),
        ("MemberDataErased", {"member_id": str(ADA)}),
    ]
    assert await held_of(mentoring, BEN) == {"profile": 1, "enrolments": 1, "entrants": 2, "pairs": 0, "erased": 0}


async def test_erase_once_takes_a_leaver_and_somebody_never_heard_of_alike(mentoring: Database) -> None:
    await take_part(mentoring)
    await hear(mentoring, said(LEFT, 2), said(erasure_requested(ADA), 3))
    await hear(mentoring, said(erasure_requested(RUN), 1))

    assert await held_of(mentoring, ADA) == BARE
    assert await held_of(mentoring, RUN) == BARE


async def test_erase_twice_says_one_receipt(mentoring: Database) -> None:
    await take_part(mentoring)
    outcome = await hear(mentoring, said(erasure_requested(ADA), 2), said(erasure_requested(ADA), 2))

    assert outcome == Outcome(applied=1, repeats=1, parked=0)
    assert await what_was_said(mentoring, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_erase_out_of_order_waits_and_nothing_that_comes_after_brings_anything_back(mentoring: Database) -> None:
    await take_part(mentoring)
    await hear(mentoring, said(erasure_requested(ADA), 3))
    assert (await held_of(mentoring, ADA))["pairs"] == 2

    await hear(mentoring, said(PROMOTED, 2))
    assert await held_of(mentoring, ADA) == BARE

    await hear(mentoring, *(said(its, 4 + place) for place, its in enumerate((JOINED, PROMOTED, TRANSFERRED, LEFT))))
    assert await held_of(mentoring, ADA) == BARE


async def test_a_replay_from_the_beginning_brings_nothing_back_and_says_the_receipt_anew(mentoring: Database) -> None:
    life = [said(JOINED, 1), said(PROMOTED, 2), said(erasure_requested(ADA), 3), said(erased(ADA), 4)]
    await hear(mentoring, *life)
    async with mentoring.transaction() as tx:
        await tx.execute("DELETE FROM progress")

    outcome = await hear(mentoring, *life)

    assert outcome == Outcome(applied=4, repeats=0, parked=0)
    assert await held_of(mentoring, ADA) == BARE
    assert await what_was_said(mentoring, ADA) == [("MemberDataErased", {"member_id": str(ADA)})] * 2


async def test_sweep_once_takes_what_came_late_and_says_no_receipt(mentoring: Database) -> None:
    await take_part(mentoring)

    await hear(mentoring, said(erased(ADA), 2))

    assert await held_of(mentoring, ADA) == BARE
    assert [name for name, _ in await what_was_said(mentoring, ADA, PUBLISHED)] == ["MentoringPairEnded"]


async def test_sweep_twice_changes_nothing(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(erasure_requested(ADA), 2), said(erased(ADA), 3))
    outcome = await hear(mentoring, said(erased(ADA), 3), said(erased(ADA), 4))

    assert outcome == Outcome(applied=1, repeats=1, parked=0)
    assert await held_of(mentoring, ADA) == BARE
    assert await what_was_said(mentoring, ADA) == [("MemberDataErased", {"member_id": str(ADA)})]


async def test_sweep_out_of_order_waits_for_the_request(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(erased(ADA), 3))
    assert (await held_of(mentoring, ADA))["profile"] == 1

    await hear(mentoring, said(erasure_requested(ADA), 2))

    assert await held_of(mentoring, ADA) == BARE
