"""A member is restricted, heard once, twice and out of order: no pool and no proposal has them, their pairs go on."""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from chassis.database import Database
from chassis.testing import Delivery, Outcome, deliver, said
from contracts.erasure import MemberProcessingRestricted
from contracts.members import Grade, GradeBand, MemberJoined, MemberLeft
from mentoring import pair_store, scheme_store
from mentoring.app import MEMBERS
from mentoring.domain import Enrolment, MatchRun, Scheme, Wishes
from mentoring.matching import Proposal

ADA: Final = UUID("00000000-0000-4000-8000-00000000000a")
BEN: Final = UUID("00000000-0000-4000-8000-00000000000b")
ONE: Final = UUID("00000000-0000-4000-8000-000000000001")
MARCH: Final = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CONNECT: Final = Scheme(
    ONE, "GSE Connect", "Peers.", "https://gse.example", across_organisations=True, opens_on=MARCH.date()
)
JOINED: Final = MemberJoined(
    member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, grade=Grade.HEO, joined_on=date(2026, 2, 11)
)
RESTRICTED: Final = MemberProcessingRestricted(member_id=ADA, restricted=True)
LIFTED: Final = MemberProcessingRestricted(member_id=ADA, restricted=False)
LEFT: Final = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))


async def hear(mentoring: Database, *deliveries: Delivery) -> Outcome:
    return await deliver(mentoring, "mentoring", MEMBERS, *deliveries)


async def both_wait(mentoring: Database) -> None:
    """Ada and Ben are enrolled, and a run that is not published proposes them to each other."""
    await hear(mentoring, said(JOINED, 1), said(JOINED.model_copy(update={"member_id": BEN}), 1))
    async with mentoring.transaction() as tx:
        await scheme_store.add(tx, CONNECT)
        for number, member_id in enumerate((ADA, BEN)):
            wishes = Wishes(("Lead a team",), ("python",), ("writing",))
            await scheme_store.enrol(tx, Enrolment(UUID(int=number), ONE, member_id, wishes, MARCH))
        await pair_store.add_run(tx, MatchRun(ONE, ONE, MARCH))
        await pair_store.add_entrants(tx, ONE, [ADA, BEN])
        await pair_store.propose(tx, ONE, ONE, Proposal(ADA, BEN, 6, ("Their grades are the same.",)))


async def pool(mentoring: Database) -> list[UUID]:
    """Who a new run would take."""
    async with mentoring.transaction() as tx:
        return sorted(its.member_id for its in await pair_store.waiting(tx, ONE, [ADA, BEN]))


async def held(mentoring: Database) -> tuple[int, int, int]:
    """Enrolments, entrants and pairs, proposed or published."""
    async with mentoring.transaction() as tx:
        row = await tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM enrolment) AS enrolments, (SELECT count(*) FROM entrant) AS entrants,
                (SELECT count(*) FROM pair) AS pairs"""
        )
    assert row is not None
    return row["enrolments"], row["entrants"], row["pairs"]


async def test_restrict_once_takes_the_member_out_of_pools_and_proposals(mentoring: Database) -> None:
    await both_wait(mentoring)
    assert (await pool(mentoring), await held(mentoring)) == ([ADA, BEN], (2, 2, 1))

    outcome = await hear(mentoring, said(RESTRICTED, 2))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)
    assert (await pool(mentoring), await held(mentoring)) == ([BEN], (2, 1, 0))


async def test_restrict_once_leaves_a_published_pair(mentoring: Database) -> None:
    await both_wait(mentoring)
    async with mentoring.transaction() as tx:
        await pair_store.begin(tx, [ONE], MARCH)

    await hear(mentoring, said(RESTRICTED, 2))

    assert await held(mentoring) == (2, 1, 1)


async def test_restrict_once_more_as_lifted_brings_them_back_into_the_next_pool(mentoring: Database) -> None:
    await both_wait(mentoring)

    await hear(mentoring, said(RESTRICTED, 2), said(LIFTED, 3))

    assert (await pool(mentoring), await held(mentoring)) == ([ADA, BEN], (2, 1, 0))


async def test_restrict_twice_is_a_repeat(mentoring: Database) -> None:
    await both_wait(mentoring)
    await hear(mentoring, said(RESTRICTED, 2), said(LIFTED, 3))

    assert await hear(mentoring, said(RESTRICTED, 2)) == Outcome(applied=0, repeats=1, parked=0)
    assert await pool(mentoring) == [ADA, BEN]


async def test_restrict_out_of_order_waits_for_what_came_before(mentoring: Database) -> None:
    await both_wait(mentoring)

    await hear(mentoring, said(LIFTED, 3))
    await hear(mentoring, said(RESTRICTED, 2))

    assert await pool(mentoring) == [ADA, BEN]


async def test_whoever_leaves_is_not_restricted_any_more(mentoring: Database) -> None:
    await hear(mentoring, said(JOINED, 1), said(RESTRICTED, 2), said(LEFT, 3))

    async with mentoring.transaction() as tx:
        assert await tx.fetchval("SELECT restricted FROM profile WHERE member_id = $1", ADA) is False
