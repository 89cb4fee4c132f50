"""What the table tells of, through the consumer: who is named in an event or holds a role, and what is called off."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.erasure import Holder, MemberErasureStalled
from contracts.events import EventProposed, EventSignedOff, KeyDateApproaching, KeyDateScheduled
from contracts.groups import ChampionAppointed, ChampionTermEnded
from contracts.members import Grade, GradeBand, MemberGradeChanged, Role, RoleGranted, RoleRevoked
from contracts.mentoring import MentoringSchemeOpened
from contracts.opportunities import ApplicantsNotSelected, ParticipantsSelected
from contracts.strategy import CommitmentOverdue
from notifications.app import EVENTS, MEMBERS, MENTORING
from notifications.testing import TALK, joins, leaves, rows
from testkit.examples import erasure_requested

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
FRIDAY = datetime(2027, 1, 15, 10, 0, tzinfo=UTC)
PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, grade=Grade.SEO)
TEAM = RoleGranted(member_id=ADA, role=Role.TEAM)
NOT_TEAM = RoleRevoked(member_id=ADA, role=Role.TEAM)
PROPOSED, SIGNED_OFF = EventProposed(hosted_event_id=TALK), EventSignedOff(hosted_event_id=TALK)
SCHEME = MentoringSchemeOpened(
    scheme_id=uuid4(),
    opened_on=date(2027, 2, 11),
    title="GSE Connect",
    summary="A pilot.",
    link="https://gse.example/connect",
)


@pytest.fixture
async def two(notifications: Database) -> Database:
    """Ada and Ben, whose welcomes are gone."""
    notifications.clock = lambda: FRIDAY
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications


async def told(database: Database) -> list[tuple[Any, ...]]:
    """Who is told what, in the order of making."""
    found = await rows(database, "SELECT member_id, template, state FROM notice ORDER BY number")
    return [(str(member_id)[-1], template, state) for member_id, template, state in found]


async def test_tell_once_tells_whom_the_event_names_with_what_the_words_need(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(PROMOTED, 2))

    assert await told(two) == [("a", "grade-changed", "due")]
    kept = "SELECT type, subject, facts::text FROM occasion WHERE type = 'MemberGradeChanged'"
    assert await rows(two, kept) == [("MemberGradeChanged", ADA, '{"grade": "SEO"}')]


async def test_tell_twice_tells_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(PROMOTED, 2))
    again = await deliver(two, "notifications", MEMBERS, said(PROMOTED, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert await told(two) == [("a", "grade-changed", "due")]


async def test_tell_out_of_order_after_a_leaving_tells_nobody(two: Database) -> None:
    await leaves(two, ADA)
    await deliver(two, "notifications", MEMBERS, said(PROMOTED, 3))

    assert await told(two) == []


async def test_the_team_is_told_of_an_erasure_that_is_late_and_nobody_else(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))
    stalled = MemberErasureStalled(member_id=uuid4(), late=[Holder.EVENTS])
    await deliver(two, "notifications", MEMBERS, said(stalled, 1))

    assert await told(two) == [("a", "role-granted", "due"), ("a", "erasure-stalled", "due")]


async def test_the_team_is_told_of_a_commitment_that_is_overdue_and_nobody_else(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))
    overdue = CommitmentOverdue(commitment_id=uuid4(), due_on=FRIDAY.date())
    await deliver(two, "notifications", MEMBERS, said(overdue, 1))

    assert await told(two) == [("a", "role-granted", "due"), ("a", "commitment-overdue", "due")]


async def test_of_several_who_are_named_each_is_told_once_and_nobody_else(two: Database) -> None:
    opportunity_id = uuid4()
    chosen = said(ParticipantsSelected(opportunity_id=opportunity_id, member_ids=(ADA, BEN)), 1)
    await deliver(two, "notifications", MEMBERS, chosen, chosen)
    await leaves(two, ADA)
    others = ApplicantsNotSelected(opportunity_id=opportunity_id, member_ids=(ADA, BEN))
    await deliver(two, "notifications", MEMBERS, said(others, 2))

    assert sorted(await told(two)) == [
        ("a", "chosen", "cancelled"),
        ("b", "chosen", "due"),
        ("b", "not-chosen", "due"),
    ]


async def test_volunteers_are_told_of_a_key_date_that_comes_near(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(RoleGranted(member_id=BEN, role=Role.VOLUNTEER), 2))
    key_date, on = uuid4(), date(2027, 2, 11)
    scheduled = KeyDateScheduled(key_date_id=key_date, title="Women in science", starts_on=on, ends_on=on)
    near = KeyDateApproaching(key_date_id=key_date, starts_on=on)
    await deliver(two, "notifications", EVENTS, said(scheduled, 1), said(near, 2))

    assert await told(two) == [("b", "role-granted", "due"), ("b", "key-date-approaching", "due")]


async def test_grant_once_tells_the_member_and_keeps_who_holds_the_role(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))

    assert await told(two) == [("a", "role-granted", "due")]
    assert await rows(two, "SELECT member_id, role, organisation FROM role_holder") == [(ADA, "team", "")]


async def test_grant_twice_is_one_role_and_one_notice(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))
    again = await deliver(two, "notifications", MEMBERS, said(TEAM, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert (await told(two), await rows(two, "SELECT role FROM role_holder")) == (
        [("a", "role-granted", "due")],
        [("team",)],
    )


async def test_grant_out_of_order_after_a_leaving_keeps_nothing(two: Database) -> None:
    await leaves(two, ADA)
    await deliver(two, "notifications", MEMBERS, said(TEAM, 3))

    assert (await told(two), await rows(two, "SELECT role FROM role_holder")) == ([], [])


async def test_revoke_once_tells_the_member_and_forgets_who_holds_the_role(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2), said(NOT_TEAM, 3))

    assert await told(two) == [("a", "role-granted", "due"), ("a", "role-revoked", "due")]
    assert await rows(two, "SELECT role FROM role_holder") == []


async def test_revoke_twice_is_told_once(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2), said(NOT_TEAM, 3))
    again = await deliver(two, "notifications", MEMBERS, said(NOT_TEAM, 3))

    assert (again.applied, again.repeats) == (0, 1)
    assert [template for _, template, _ in await told(two)] == ["role-granted", "role-revoked"]


async def test_revoke_out_of_order_waits_for_the_grant(two: Database) -> None:
    waits = await deliver(two, "notifications", MEMBERS, said(NOT_TEAM, 3))
    assert (waits.applied, waits.parked) == (0, 1)

    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))
    assert await rows(two, "SELECT role FROM role_holder") == []


async def test_an_erased_member_holds_no_role_and_is_told_nothing(two: Database) -> None:
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2), said(erasure_requested(ADA), 3))

    assert (await told(two), await rows(two, "SELECT role FROM role_holder")) == ([], [])
    assert await rows(two, "SELECT FROM occasion WHERE subject = $1", ADA) == []


@pytest.fixture
async def team(two: Database) -> Database:
    """Ada is in the team, and knows."""
    await deliver(two, "notifications", MEMBERS, said(TEAM, 2))
    await rows(two, "DELETE FROM notice RETURNING 1")
    return two


async def test_a_proposal_is_told_at_once_and_again_after_five_working_days(team: Database) -> None:
    await deliver(team, "notifications", EVENTS, said(PROPOSED, 1))

    assert await rows(team, "SELECT template, due_at FROM notice ORDER BY number") == [
        ("proposal", FRIDAY),
        ("proposal-nudge", datetime(2027, 1, 22, 10, 0, tzinfo=UTC)),
    ]


async def test_call_off_once_keeps_the_nudge_from_going_out(team: Database) -> None:
    await deliver(team, "notifications", EVENTS, said(PROPOSED, 1), said(SIGNED_OFF, 2))

    assert await told(team) == [("a", "proposal", "cancelled"), ("a", "proposal-nudge", "cancelled")]


async def test_call_off_twice_is_the_same(team: Database) -> None:
    await deliver(team, "notifications", EVENTS, said(PROPOSED, 1), said(SIGNED_OFF, 2))
    again = await deliver(team, "notifications", EVENTS, said(SIGNED_OFF, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert await told(team) == [("a", "proposal", "cancelled"), ("a", "proposal-nudge", "cancelled")]


async def test_call_off_out_of_order_waits_for_what_it_calls_off(team: Database) -> None:
    await deliver(team, "notifications", EVENTS, said(SIGNED_OFF, 2))
    await deliver(team, "notifications", EVENTS, said(PROPOSED, 1))

    assert await told(team) == [("a", "proposal", "cancelled"), ("a", "proposal-nudge", "cancelled")]


async def test_every_member_hears_that_a_scheme_is_open_and_no_leaver(two: Database) -> None:
    await leaves(two, BEN)
    await deliver(two, "notifications", MENTORING, said(SCHEME, 1))

    assert await told(two) == [("a", "scheme-opened", "due")]


async def test_a_champion_hears_that_they_are_one_and_that_it_is_over(two: Database) -> None:
    of = {"term_id": uuid4(), "theme_id": uuid4(), "member_id": BEN}
    appointed = ChampionAppointed(**of, ends_on=FRIDAY.date())
    ended = ChampionTermEnded(**of, ended="over", vacancy=True)
    await deliver(two, "notifications", MEMBERS, said(appointed, 1), said(ended, 2))

    assert await told(two) == [("b", "champion-appointed", "due"), ("b", "champion-term-ended", "due")]
