"""A member's profile, as a browser without JavaScript gets it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, in_browser

PAGE = {"Accept": "text/html"}
HERE = "/members/profile"
SignIn = Callable[..., dict[str, str]]


async def joined(client: AsyncClient, signed_in: SignIn) -> tuple[UUID, str, dict[str, str]]:
    """A new member: their id, their address and their headers."""
    email = f"{uuid4().hex}@defra.example"
    form = {"name": "Cleo O’Neill", "email": email, "organisation": "DEFRA", "grade": "G7", "interests": ["soil"]}
    member_id = UUID((await client.post("/api/members/v1/members", json=form)).json()["member_id"])
    return member_id, email, PAGE | signed_in("member", member_id=member_id)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def test_a_member_sees_all_that_is_known_of_them_and_who_sees_it(client: AsyncClient, signed_in: SignIn) -> None:
    _, email, member = await joined(client, signed_in)

    page = words((await client.get(HERE, headers=member)).text)

    assert f"Name Cleo O’Neill Change name Work email address {email}, not confirmed yet Change email address" in page
    assert "Organisation Department for Environment, Food and Rural Affairs (Defra) Change organisation" in page
    assert (
        "Grade Grade 7 (G7) Change grade Interests soil Change interests Skills None given Change skills Member since"
        in page
    )
    assert "Confirmed by your organisation Not yet" in page
    assert "Who sees it Your name and email address: you, the central team" in page
    assert "Leave the profession" in page
    assert "You can have everything erased that we hold about you" in page


@pytest.mark.parametrize("page", ["", "/contact", "/grade", "/organisation", "/leave", "/erase"])
async def test_who_is_signed_in_and_no_member_is_told_how_to_become_one(
    client: AsyncClient, signed_in: SignIn, page: str
) -> None:
    answer = await client.get(HERE + page, headers=PAGE | signed_in("team"))

    assert answer.status_code == 200
    assert "You are not a member yet" in words(answer.text)


async def test_nobody_else_sees_a_profile(client: AsyncClient) -> None:
    answer = await client.get(HERE, headers=PAGE)

    assert answer.status_code in {303, 401}
    assert "Your profile" not in words(answer.text)


async def test_a_grade_is_changed_and_said(
    client: AsyncClient, signed_in: SignIn, said: Callable[[str], Awaitable[list[Any]]]
) -> None:
    member_id, _, member = await joined(client, signed_in)

    shown = await client.get(f"{HERE}/grade", headers=member)
    sent = await client.post(f"{HERE}/grade", data={"grade": "G6"}, headers=member)
    page = words((await client.get(sent.headers["location"], headers=member)).text)

    assert '<option value="G7" selected>' in shown.text
    assert (sent.status_code, sent.headers["location"]) == (303, "/members/profile?changed=grade")
    assert "Your grade is changed." in page
    assert "Grade Grade 6 (G6) Change grade" in page
    assert [name for name, _ in await said(str(member_id))] == ["MemberJoined", "MemberGradeChanged"]


async def test_an_organisation_is_changed_with_the_grade_held_there(
    client: AsyncClient, signed_in: SignIn, said: Callable[[str], Awaitable[list[Any]]]
) -> None:
    member_id, _, member = await joined(client, signed_in)

    sent = await client.post(f"{HERE}/organisation", data={"organisation": "FCDO", "grade": "SEO"}, headers=member)

    assert sent.headers["location"] == "/members/profile?changed=organisation"
    name, body = (await said(str(member_id)))[-1]
    assert (name, body["organisation"], body["grade"]) == ("MemberTransferred", "FCDO", "SEO")


async def test_a_name_and_an_address_are_changed(client: AsyncClient, signed_in: SignIn) -> None:
    _, email, member = await joined(client, signed_in)

    shown = await client.get(f"{HERE}/contact", headers=member)
    sent = await client.post(f"{HERE}/contact", data={"name": "Cleo Quill", "email": email}, headers=member)
    page = words((await client.get(sent.headers["location"], headers=member)).text)

    assert f'value="{email}"' in shown.text
    assert "Name Cleo Quill Change name" in page


@pytest.mark.parametrize(
    ("page", "form", "field", "sentence"),
    [
        ("grade", {"grade": "G7"}, "grade", "This is your grade already. Choose the new one, or go back"),
        ("grade", {}, "grade", "Choose your grade"),
        (
            "organisation",
            {"organisation": "DEFRA", "grade": "G6"},
            "organisation",
            "You work here already. Choose the new one, or change your grade alone",
        ),
        ("organisation", {"grade": "G6"}, "organisation", "Choose your organisation"),
        ("contact", {"name": "", "email": "quill@defra.example"}, "name", "Enter your full name"),
        (
            "contact",
            {"name": "Quill", "email": "quill"},
            "email",
            "Enter an email address in the correct format, like name@example.com",
        ),
    ],
)
async def test_what_cannot_be_changed_is_told_at_its_field_and_nothing_typed_is_lost(
    client: AsyncClient, signed_in: SignIn, page: str, form: dict[str, str], *, field: str, sentence: str
) -> None:
    _, _, member = await joined(client, signed_in)

    answer = await client.post(f"{HERE}/{page}", data=form, headers=member)

    assert answer.status_code == 422
    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', answer.text) == [(field, sentence)]
    assert all(f'value="{value}"' in answer.text for value in form.values() if value)


async def test_an_address_that_another_member_uses_is_refused(client: AsyncClient, signed_in: SignIn) -> None:
    _, email, _ = await joined(client, signed_in)
    _, _, member = await joined(client, signed_in)

    answer = await client.post(f"{HERE}/contact", data={"name": "Cleo", "email": email}, headers=member)

    assert answer.status_code == 422
    assert "Another member uses this email address. Enter a different one" in words(answer.text)


async def test_a_member_leaves_after_a_page_that_says_what_it_means(
    client: AsyncClient, signed_in: SignIn, said: Callable[[str], Awaitable[list[Any]]], running: FastAPI
) -> None:
    member_id, _, member = await joined(client, signed_in)

    warned = words((await client.get(f"{HERE}/leave", headers=member)).text)
    sent = await client.post(f"{HERE}/leave", headers=member)
    page = words((await client.get(sent.headers["location"], headers=PAGE)).text)

    assert "You cannot undo this." in warned
    assert (sent.status_code, "You have left the profession" in page) == (303, True)
    assert [name for name, _ in await said(str(member_id))] == ["MemberJoined", "MemberLeft"]
    async with running.state.running.database.transaction() as tx:
        row = await tx.fetchrow("SELECT name, email FROM member WHERE member_id = $1", member_id)
    assert tuple(row or ()) == (None, None)
    assert "You are not a member yet" in words((await client.get(HERE, headers=member)).text)


async def test_a_member_is_erased_after_a_page_that_says_what_it_means(
    client: AsyncClient, signed_in: SignIn, said: Callable[[str], Awaitable[list[Any]]], running: FastAPI
) -> None:
    member_id, _, member = await joined(client, signed_in)

    warned = words((await client.get(f"{HERE}/erase", headers=member)).text)
    sent = await client.post(f"{HERE}/erase", headers=member)
    page = words((await client.get(sent.headers["location"], headers=PAGE)).text)

    assert "You cannot undo this." in warned
    assert (sent.status_code, "You are being erased" in page) == (303, True)
    names = [name for name, _ in await said(str(member_id))]
    assert names == ["MemberJoined", "MemberErasureRequested", "MemberDataErased"]
    async with running.state.running.database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM member WHERE member_id = $1", member_id) == 0
    assert "You are not a member yet" in words((await client.get(HERE, headers=member)).text)


async def test_in_a_browser_what_changed_is_known_at_once(client: AsyncClient, signed_in: SignIn) -> None:
    member_id, _, _ = await joined(client, signed_in)
    browser = in_browser("member", member_id=member_id)

    unmarked = await client.post(f"{HERE}/grade", data={"grade": "G6"}, headers=browser)
    changed = await client.post(f"{HERE}/grade", data={"grade": "G6"} | CSRF_OF_FORMS, headers=browser)
    gone = await client.post(f"{HERE}/leave", data=CSRF_OF_FORMS, headers=browser)

    assert unmarked.status_code == 403
    assert changed.headers["location"] == "/sign-in/renew?return=%2Fmembers%2Fprofile%3Fchanged%3Dgrade"
    assert gone.headers["location"] == "/sign-in/renew?return=%2Fmembers%2Fprofile%2Fleft"
