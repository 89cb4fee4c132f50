"""Get involved, and what a member's own page shows of doors and of what they were given."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.groups import VolunteerJoinedGroup
from contracts.members import Grade
from contracts.opportunities import ParticipantsSelected
from notifications.app import MEMBERS, OPEN_DOORS
from notifications.door_examples import (
    ADA,
    APPOINTED,
    ASKED,
    CALL,
    ENDED,
    ESTABLISHED,
    GROUP,
    MEETS,
    OPENED,
    ROUND,
    SEAT_OPENED,
    STANDING,
    THEME,
)
from notifications.door_pages import who_may
from notifications.testing import joins

NOW = datetime(2027, 1, 15, 10, 0, tzinfo=UTC)
PAGE = {"Accept": "text/html"}


@pytest.fixture
async def with_ada(running: FastAPI) -> Database:
    """Of the whole service, with Ada, a Higher Executive Officer."""
    its: Database = running.state.running.database
    its.clock = lambda: NOW
    await joins(its, ADA, "Ada King", "ada@example.org")
    return its


async def seen(client: AsyncClient, path: str, headers: dict[str, str]) -> tuple[str, str]:
    """The page as HTML and as words."""
    answer = await client.get(path, headers=PAGE | headers)
    assert answer.status_code == 200, answer.text
    return answer.text, " ".join(re.sub("<[^>]+>", " ", answer.text.partition("<main")[2]).split())


async def test_anybody_sees_each_open_door_and_what_will_be_there(client: AsyncClient, with_ada: Database) -> None:
    _, nothing = await seen(client, "/get-involved", {})
    assert "Nothing is open now. Focus groups and places will be here" in nothing
    assert "Nothing is asked now. The next question will be here." in nothing
    assert "is free now. The next that is will be here." in nothing

    opened = (said(OPENED, 1), said(SEAT_OPENED, 1), said(ASKED, 1), said(ESTABLISHED, 1))
    await deliver(with_ada, "notifications", OPEN_DOORS, *opened, said(APPOINTED, 1), said(ENDED, 2))

    html, page = await seen(client, "/get-involved", {})
    assert "You can join whatever your grade. Join the profession" in page
    assert (
        "How we recruit Two hours on how we find people. Focus group, for grades from AA to EO, closes Thursday 11"
        " February, 5pm" in page
    )
    assert "A seat of the Shadow Board is free: A seat for the regions" in page
    assert "Did it reach you? Until 11 February 2027" in page
    assert "Survey of skills Until 30 June 2027" in page
    assert "lost the last champion" not in page
    for address in (f"opportunities/{CALL}", f"feedback/{ROUND}", f"groups/{GROUP}", "opportunities/shadow-board"):
        assert f'href="/members/{address}"' in html


async def test_who_signs_in_sees_what_is_open_to_them(
    client: AsyncClient, with_ada: Database, signed_in: Callable[..., dict[str, str]]
) -> None:
    for_all = OPENED.model_copy(update={"opportunity_id": uuid4(), "title": "How we work", "open_to": tuple(Grade)})
    await deliver(with_ada, "notifications", OPEN_DOORS, said(OPENED, 1), said(for_all, 1), said(ESTABLISHED, 1))
    await deliver(with_ada, "notifications", OPEN_DOORS, said(APPOINTED, 1), said(ENDED, 2))
    joined = VolunteerJoinedGroup(volunteering_id=uuid4(), group_id=GROUP, member_id=ADA)
    await deliver(with_ada, "notifications", MEMBERS, said(joined, 1))

    _, page = await seen(client, "/get-involved", signed_in("member", member_id=ADA))

    assert "How we work Two hours on how we find people. Focus group, for all grades, closes" in page
    assert "How we recruit" not in page
    assert "One more is for other grades than yours." in page
    assert "Survey of skills" not in page
    assert "One theme has lost the last champion and looks for a new one." in page
    assert "Join the profession" not in page


async def test_my_page_shows_my_groups_what_i_was_given_and_what_i_can_do(
    client: AsyncClient, with_ada: Database, signed_in: Callable[..., dict[str, str]]
) -> None:
    _, nothing = await seen(client, "/my", signed_in("member", member_id=ADA))
    assert "You are in no group, and hold no place, seat or theme." in nothing

    unnamed = uuid4()
    opened = (said(OPENED, 1), said(ESTABLISHED, 1), said(ASKED, 1), said(MEETS, 1))
    await deliver(with_ada, "notifications", OPEN_DOORS, *opened)
    mine = (GROUP, STANDING, unnamed)
    groups = [VolunteerJoinedGroup(volunteering_id=uuid4(), group_id=its, member_id=ADA) for its in mine]
    await deliver(with_ada, "notifications", MEMBERS, *(said(its, 1) for its in groups), said(APPOINTED, 1))
    chosen = ParticipantsSelected(opportunity_id=CALL, member_ids=(ADA,))
    await deliver(with_ada, "notifications", MEMBERS, said(chosen, 2), said(chosen, 1))

    html, page = await seen(client, "/my", signed_in("member", member_id=ADA))
    assert (
        "Your groups and what you were given Survey of skills The action group A standing group"
        " You are champion of a theme until 31 March 2027 You were given a place: How we recruit" in page
    )
    assert "Say how we keep our promises Did it reach you? Until 11 February 2027" in page
    for address in (f"groups/{GROUP}", f"groups/{unnamed}", f"groups/champions/{THEME}", f"opportunities/{CALL}"):
        assert f'href="/members/{address}"' in html
    assert 'href="/get-involved"' in html


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        (None, "for all grades"),
        ([its.value for its in Grade], "for all grades"),
        (["AA", "AO", "EO"], "for grades from AA to EO"),
        (["G7", "G6"], "for grades Grade 7 and Grade 6"),
        (["AA", "EO", "SCS1"], "for grades AA and EO and SCS pay band 1"),
    ],
)
def test_who_may_apply_is_said_in_words(grades: list[str] | None, words: str) -> None:
    assert who_may(grades) == words
