"""What all members are told of, and what the team is of doors that opened; once, twice and out of order."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.base import DomainEvent
from contracts.feedback import FeedbackAnswered
from contracts.groups import ChampionTermEnded
from contracts.members import Grade, GradeBand, MemberContactChanged, MemberGradeChanged, Role, RoleGranted
from notifications.app import CONTACTS, MEMBERS
from notifications.door_examples import ADA, APPOINTED, ASKED, ENDED, OPENED, ROUND, SEAT_OPENED, SEATED, THEME
from notifications.testing import MailServerDouble, joins, leaves, mail_to, rows, sending
from testkit.eventually import eventually

BEN = UUID("00000000-0000-4000-8000-00000000000b")
CY = UUID("00000000-0000-4000-8000-00000000000c")
FRIDAY: Final = datetime(2027, 1, 15, 10, 0, tzinfo=UTC)
MONDAY: Final = datetime(2027, 1, 18, 8, 0, tzinfo=UTC)
CLOSES: Final = datetime(2027, 2, 11, 17, 0, tzinfo=UTC)
ANSWERED = FeedbackAnswered(
    round_id=ROUND,
    commitment_id=ASKED.commitment_id,
    you_said="It came late.",
    we_did="It comes a month earlier.",
    link="https://gse.example/round",
)
TEAM = RoleGranted(member_id=BEN, role=Role.TEAM)


@pytest.fixture
async def two(notifications: Database) -> Database:
    """Ada and Ben, of the team, whose welcomes are gone."""
    notifications.clock = lambda: FRIDAY
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    await deliver(notifications, "notifications", MEMBERS, said(TEAM, 2))
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications


async def hear(database: Database, *events: tuple[DomainEvent, int]) -> Any:
    return await deliver(database, "notifications", MEMBERS, *(said(its, number) for its, number in events))


async def told(database: Database) -> list[tuple[Any, ...]]:
    found = await rows(
        database, "SELECT template, member_id, category, useful_until FROM notice ORDER BY template, member_id"
    )
    return [(template, str(member_id)[-1], *rest) for template, member_id, *rest in found]


TO_ALL = OPENED.model_copy(update={"open_to": None})
EVERYBODY: Final = [
    (template, who, "opportunities", until)
    for template, until in (
        ("opportunity-opened", CLOSES),
        ("question-answered", None),
        ("question-opened", datetime(2027, 2, 12, 0, 0, tzinfo=UTC)),
    )
    for who in "ab"
]
TO_EO = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.EO, grade=Grade.EO)


async def test_tell_all_tells_of_what_some_grades_may_apply_for_those_alone(two: Database) -> None:
    """Ada is an EO by then, Ben an HEO; somebody whose joining was not heard yet may be of any grade."""
    await hear(two, (TO_EO, 2))
    await deliver(
        two, "notifications", CONTACTS, said(MemberContactChanged(member_id=CY, name="Cy", email="c@x.org"), 1)
    )
    await hear(two, (OPENED, 1))

    opened = [who for template, who, *_ in await told(two) if template == "opportunity-opened"]
    assert opened == ["a", "c"]


async def test_tell_all_tells_nobody_twice_and_who_moves_into_the_rule_later_finds_it_on_the_page(
    two: Database,
) -> None:
    await hear(two, (OPENED, 1), (TO_EO, 2))
    again = await hear(two, (OPENED, 1))

    assert again.repeats == 1
    assert [template for template, *_ in await told(two)] == ["grade-changed"]


async def test_tell_all_once_tells_every_member_until_it_closes(two: Database) -> None:
    await hear(two, (TO_ALL, 1), (ASKED, 1), (ANSWERED, 2))

    assert await told(two) == EVERYBODY


async def test_tell_all_twice_tells_once(two: Database) -> None:
    await hear(two, (TO_ALL, 1), (ASKED, 1), (ANSWERED, 2))
    again = await hear(two, (TO_ALL, 1), (ASKED, 1), (ANSWERED, 2))

    assert (again.applied, again.repeats, await told(two)) == (0, 3, EVERYBODY)


async def test_tell_all_out_of_order_waits_and_tells_no_leaver(two: Database) -> None:
    early = await hear(two, (ANSWERED, 2))
    assert (early.parked, await told(two)) == (1, [])

    await leaves(two, ADA)
    await hear(two, (ASKED, 1))
    assert [its[:2] for its in await told(two)] == [("question-answered", "b"), ("question-opened", "b")]


async def test_who_has_not_chosen_has_all_of_it_in_one_mail_on_monday(two: Database, server: MailServerDouble) -> None:
    await hear(two, (TO_ALL, 1), (ASKED, 1), (ANSWERED, 2))

    async with sending(two, mail_to(server)):
        assert await eventually_gathered(two) == {("gathered", MONDAY)}
    assert server.handed == []


async def eventually_gathered(database: Database) -> set[tuple[Any, ...]]:
    async def all_gathered() -> bool:
        return await rows(database, "SELECT 1 FROM notice WHERE state <> 'gathered'") == []

    await eventually(all_gathered)
    return set(await rows(database, "SELECT state, due_at FROM notice"))


async def test_the_team_hears_once_and_twice_of_a_free_seat_and_of_a_theme_without_a_champion(two: Database) -> None:
    await hear(two, (SEAT_OPENED, 1), (APPOINTED, 1), (ENDED, 2))
    again = await hear(two, (SEAT_OPENED, 1), (ENDED, 2))

    assert again.repeats == 2
    assert [its[:2] for its in await told(two)] == [
        ("champion-appointed", "a"),
        ("champion-term-ended", "a"),
        ("seat-opened", "b"),
        ("theme-vacant", "b"),
    ]
    kept = "SELECT facts::text FROM occasion WHERE type = 'ChampionTermEnded'"
    assert await rows(two, kept) == [(f'{{"theme_id": "{THEME}"}}',)]


async def test_the_team_does_not_hear_of_a_term_after_which_others_go_on(two: Database) -> None:
    await hear(two, (APPOINTED, 1), (ENDED.model_copy(update={"vacancy": False}), 2))

    assert [its[0] for its in await told(two)] == ["champion-appointed", "champion-term-ended"]


async def test_the_team_hears_out_of_order_what_was_said_before_first(two: Database) -> None:
    gone = ChampionTermEnded(term_id=ENDED.term_id, theme_id=THEME, member_id=ADA, ended="gone", vacancy=True)
    early = await hear(two, (SEATED, 2), (gone, 2))
    assert (early.parked, await told(two)) == (2, [])

    await leaves(two, ADA)
    await hear(two, (SEAT_OPENED, 1), (APPOINTED, 1))
    assert [its[:2] for its in await told(two)] == [("seat-opened", "b"), ("theme-vacant", "b")]
