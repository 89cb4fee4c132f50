"""Interests and skills: what is said of them, and the form by which a member changes them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient

from contracts.members import Grade, MemberProfileUpdated
from members.membership import topics
from members.membership.domain import HasLeft, Member
from members.membership.profiling import SameProfile, update

ADA = UUID("00000000-0000-4000-8000-00000000000a")
MEMBER = Member(ADA, "Ada", "ada@ukhsa.example", "UKHSA", Grade.SEO, ("soil",), (), date(2027, 2, 11))
MEMBERS = "/api/members/v1/members"
TOPICS = "/members/profile/topics"
PAGE = {"Accept": "text/html"}
SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]


def test_what_is_on_the_lists_is_said_by_its_code_and_own_words_are_not() -> None:
    updated, said = update(MEMBER, ("Epidemiology", "knots", "medicine", "Space"), ("data science", "juggling"))

    assert updated == replace(
        MEMBER, interests=("Epidemiology", "knots", "medicine", "Space"), skills=("data science", "juggling")
    )
    assert said == MemberProfileUpdated(member_id=ADA, interests=("HEALTH", "SPACE"), skills=("DATA",))


def test_the_same_again_and_who_has_left_are_refused() -> None:
    with pytest.raises(SameProfile):
        update(MEMBER, ("soil",), ())
    with pytest.raises(HasLeft):
        update(replace(MEMBER, left_on=date(2027, 3, 1)), (), ())


@pytest.mark.parametrize("kind", ["interests", "skills"])
def test_no_word_of_a_list_has_two_meanings_and_every_label_leads_back_to_its_code(kind: topics.Kind) -> None:
    words = [word.casefold() for code, its in topics.LISTS[kind].items() for word in {code, *its}]

    assert {word for word in words if words.count(word) > 2} == set()
    assert [topics.code_of(kind, label) for label in topics.LABELS[kind].values()] == list(topics.LABELS[kind])


async def joined(client: AsyncClient) -> str:
    form = {"name": "Ada", "email": f"{uuid4().hex}@defra.example", "organisation": "DEFRA", "grade": "G7"}
    answer = await client.post(MEMBERS, json=form | {"interests": ["soil", "knots"]})
    return str(answer.json()["member_id"])


async def test_the_api_sets_both_lists_and_says_codes(client: AsyncClient, signed_in: SignIn, said: Said) -> None:
    member_id = await joined(client)
    address, own = f"{MEMBERS}/{member_id}/profile-updates", signed_in("member", member_id=member_id)
    wanted = {"interests": [" Space ", "space", "knots"], "skills": ["Statistics"]}

    changed = await client.post(address, json=wanted, headers=own)
    again = await client.post(address, json=wanted, headers=own)
    wrong = await client.post(address, json={"interests": ["x" * 81], "skills": ["a"] * 3 + ["y" * 81]}, headers=own)

    assert (changed.status_code, changed.json()["interests"], changed.json()["skills"]) == (
        200,
        ["Space", "knots"],
        ["Statistics"],
    )
    assert (again.status_code, again.json()["type"]) == (409, "/problems/same-profile")
    assert (wrong.status_code, [its["field"] for its in wrong.json()["errors"]]) == (422, ["interests", "skills"])
    assert (await said(member_id))[1:] == [
        ("MemberProfileUpdated", {"member_id": member_id, "interests": ["SPACE"], "skills": ["STATISTICS"]})
    ]
    stranger = await client.post(address, json=wanted, headers=signed_in("member", member_id=uuid4()))
    assert stranger.status_code == 404


async def test_the_form_shows_what_is_chosen_keeps_own_words_and_loses_nothing_typed(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    member_id = await joined(client)
    member = PAGE | signed_in("member", member_id=member_id)

    shown = (await client.get(TOPICS, headers=member)).text
    typed = {"interests": ["ENVIRONMENT", "CLIMATE"], "own_interests": "knots\r\nbees", "skills": ["DATA"]}
    wrong = await client.post(TOPICS, data=typed | {"own_skills": "y" * 81}, headers=member)
    sent = await client.post(TOPICS, data=typed, headers=member)
    page = (await client.get(sent.headers["location"], headers=member)).text

    assert ticked(shown) == ["ENVIRONMENT"]
    assert re.search(r'name="own_interests"[^>]*>knots</textarea>', shown)
    assert (wrong.status_code, "Each of the skills must be 80 characters or fewer" in wrong.text) == (422, True)
    assert ticked(wrong.text) == ["CLIMATE", "ENVIRONMENT", "DATA"]
    assert "knots\r\nbees</textarea>" in wrong.text
    assert "Your interests and skills are changed." in page
    assert "Environment and water, Climate and weather, knots, bees" in page
    assert (await said(member_id))[-1] == (
        "MemberProfileUpdated",
        {"member_id": member_id, "interests": ["CLIMATE", "ENVIRONMENT"], "skills": ["DATA"]},
    )


async def test_who_is_no_member_is_told_how_to_become_one(client: AsyncClient, signed_in: SignIn) -> None:
    for answer in (
        await client.get(TOPICS, headers=PAGE | signed_in("team")),
        await client.post(TOPICS, data={}, headers=PAGE | signed_in("team")),
    ):
        assert "You are not a member yet" in answer.text


def ticked(page: str) -> list[str]:
    return re.findall(r'<input class="govuk-checkboxes__input"[^>]* value="(\w+)" checked', page)
