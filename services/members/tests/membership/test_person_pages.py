"""The page of one member, for the team and heads of profession, as a browser without JavaScript gets it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser

API = "/api/members/v1/members"
PEOPLE = "/members/people"
Said = Callable[[str], Awaitable[list[tuple[str, Any]]]]


async def joined(client: AsyncClient, **more: str) -> tuple[str, str]:
    """A new member of Defra: their id and their address."""
    email = f"{uuid4().hex}@defra.example"
    form = {"name": "Cleo O’Neill", "email": email, "organisation": "DEFRA", "grade": "G7"}
    answer = await client.post(API, json=form | more)
    return str(answer.json()["member_id"]), email


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


def mistakes(answer: Response) -> list[tuple[str, str]]:
    return re.findall(r'<a href="#(\w+)">([^<]+)</a>', answer.text)


async def look(client: AsyncClient, address: str, *roles: str, **more: Any) -> Response:
    return await client.get(address, headers=in_browser(*roles, **more))


async def send(client: AsyncClient, address: str, answers: dict[str, str], *roles: str, **more: Any) -> Response:
    return await client.post(address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles, **more))


async def test_people_lead_to_the_page_of_each_where_the_team_finds_a_form_for_every_change(
    client: AsyncClient,
) -> None:
    member_id, email = await joined(client)
    here = f"{PEOPLE}/{member_id}"

    people = await send(client, PEOPLE, {"text": email}, "team")
    page = await look(client, here, "team")

    assert f'href="{here}"' in people.text
    assert page.status_code == 200
    assert f"Name Cleo O’Neill Change name Work email address {email}, not confirmed yet Change" in words(page.text)
    assert "Grade Grade 7 (G7) Change grade" in words(page.text)
    forms = (
        "/contact",
        "/contact#email",
        "/organisation",
        "/grade",
        "/roles",
        "/restriction",
        "/departure",
        "/erasure",
    )
    assert [its for its in forms if f'href="{here}{its}"' not in page.text] == []


async def test_a_head_of_profession_reads_of_their_own_organisation_and_finds_no_form(client: AsyncClient) -> None:
    member_id, email = await joined(client)
    restricted, _ = await joined(client)
    await send(client, f"{PEOPLE}/{restricted}/restriction", {"restricted": "yes"}, "team")

    page = await look(client, f"{PEOPLE}/{member_id}", "hosep", organisation="DEFRA")

    assert page.status_code == 200
    assert email in page.text
    assert f'href="{PEOPLE}/{member_id}/' not in page.text
    assert "Roles" not in words(page.text)
    for its, organisation in ((member_id, "UKHSA"), (restricted, "DEFRA"), (str(uuid4()), "DEFRA")):
        answer = await look(client, f"{PEOPLE}/{its}", "hosep", organisation=organisation)
        assert answer.status_code == 404


@pytest.mark.parametrize("form", ["contact", "grade", "organisation", "restriction", "departure", "erasure", "roles"])
async def test_the_forms_are_the_teams_alone(client: AsyncClient, form: str) -> None:
    member_id, _ = await joined(client)
    address = f"{PEOPLE}/{member_id}/{form}"

    assert (await look(client, address, "team")).status_code == 200
    for asked in (
        await look(client, address, "hosep", organisation="DEFRA"),
        await send(client, address, {"grade": "G6", "restricted": "yes"}, "hosep", organisation="DEFRA"),
        await send(client, address, {"grade": "G6", "restricted": "yes"}, "member", member_id=member_id),
    ):
        assert asked.status_code == 403
    assert (await look(client, f"{PEOPLE}/{uuid4()}/{form}", "team")).status_code == 404


async def test_the_team_changes_details_and_it_is_put_down_to_the_team(
    client: AsyncClient, said: Said, signed_in: Callable[..., dict[str, str]]
) -> None:
    member_id, email = await joined(client)
    here = f"{PEOPLE}/{member_id}"

    shown = await look(client, f"{here}/contact", "team")
    sent = [
        await send(client, f"{here}/contact", {"name": "Cleo Quill", "email": email}, "team"),
        await send(client, f"{here}/grade", {"grade": "G6"}, "team"),
        await send(client, f"{here}/organisation", {"organisation": "FCDO", "grade": "SEO"}, "team"),
    ]
    page = words((await look(client, sent[2].headers["location"], "team")).text)
    changes = await client.get(f"{API}/{member_id}/changes", headers=signed_in("team"))

    assert f'value="{email}"' in shown.text
    assert [its.headers["location"] for its in sent] == [
        f"{here}?done={its}" for its in ("contact", "grade", "organisation")
    ]
    assert "Their organisation and grade are changed." in page
    assert "Name Cleo Quill Change name" in page
    assert "Organisation Foreign, Commonwealth and Development Office (FCDO)" in page
    assert [(its["what"], its["who"]) for its in changes.json()["changes"]] == [
        ("organisation", "team"),
        ("grade", "team"),
        ("grade", "team"),
        ("name", "team"),
    ]
    assert [name for name, _ in await said(member_id)] == ["MemberJoined", "MemberGradeChanged", "MemberTransferred"]


@pytest.mark.parametrize(
    ("page", "form", "field", "sentence"),
    [
        ("grade", {"grade": "G7"}, "grade", "This is their grade already. Choose the new one, or go back"),
        ("grade", {}, "grade", "Choose their grade"),
        (
            "organisation",
            {"organisation": "DEFRA", "grade": "G6"},
            "organisation",
            "They work here already. Choose the new one, or change their grade alone",
        ),
        ("organisation", {"grade": "G6"}, "organisation", "Choose their organisation"),
        ("contact", {"name": "", "email": "quill@defra.example"}, "name", "Enter their full name"),
        (
            "contact",
            {"name": "Quill", "email": "quill"},
            "email",
            "Enter an email address in the correct format, like name@example.com",
        ),
        ("roles", {}, "role", "Choose the role that they are to have"),
    ],
)
async def test_what_cannot_be_changed_is_told_at_its_field_and_nothing_typed_is_lost(
    client: AsyncClient, page: str, form: dict[str, str], *, field: str, sentence: str
) -> None:
    member_id, _ = await joined(client)

    answer = await send(client, f"{PEOPLE}/{member_id}/{page}", form, "team")

    assert answer.status_code == 422
    assert mistakes(answer) == [(field, sentence)]
    assert all(f'value="{value}"' in answer.text for value in form.values() if value)


async def test_the_team_restricts_and_ends_it(client: AsyncClient, said: Said) -> None:
    member_id, _ = await joined(client)
    here = f"{PEOPLE}/{member_id}"

    restricted = await send(client, f"{here}/restriction", {"restricted": "yes"}, "team")
    page = words((await look(client, restricted.headers["location"], "team")).text)
    ended = await send(client, f"{here}/restriction", {"restricted": "no"}, "team")
    after = words((await look(client, ended.headers["location"], "team")).text)

    assert "The use of their details is restricted. All parts of this service know it within a minute." in page
    assert "Use of details Restricted since" in page
    assert "The restriction has ended." in after
    assert "Use of details Not restricted" in after
    assert [(name, its.get("restricted")) for name, its in (await said(member_id))[1:]] == [
        ("MemberProcessingRestricted", True),
        ("MemberProcessingRestricted", False),
    ]


async def test_the_team_ends_a_membership_and_has_somebody_erased_after_pages_that_say_what_it_means(
    client: AsyncClient, said: Said
) -> None:
    member_id, email = await joined(client)
    here = f"{PEOPLE}/{member_id}"

    meant = words((await look(client, f"{here}/departure", "team")).text)
    left = await send(client, f"{here}/departure", {}, "team")
    page = await look(client, left.headers["location"], "team")
    meant_too = words((await look(client, f"{here}/erasure", "team")).text)
    erased = await send(client, f"{here}/erasure", {}, "team")
    gone = await look(client, here, "team")

    assert "This cannot be undone." in meant
    assert "This cannot be undone." in meant_too
    assert "The membership has ended. Their name and address are deleted." in words(page.text)
    assert email not in page.text
    assert (f'href="{here}/erasure"' in page.text, f'href="{here}/grade"' in page.text) == (True, False)
    assert (erased.status_code, erased.headers["location"]) == (303, "/members/erasures")
    assert gone.status_code == 404
    assert [name for name, _ in await said(member_id)] == [
        "MemberJoined",
        "MemberLeft",
        "MemberErasureRequested",
        "MemberDataErased",
    ]


async def test_a_change_of_somebody_who_has_left_is_refused_and_says_so(client: AsyncClient) -> None:
    member_id, _ = await joined(client)
    await send(client, f"{PEOPLE}/{member_id}/departure", {}, "team")

    for form, answers in (("grade", {"grade": "G6"}), ("restriction", {"restricted": "yes"}), ("departure", {})):
        answer = await send(client, f"{PEOPLE}/{member_id}/{form}", answers, "team")
        assert answer.status_code == 409
        assert "left the profession" in words(answer.text)


@pytest.mark.parametrize("typed", [{}, {"role": "emperor"}, {"role": "volunteer", "organisation": "x" * 1001}])
async def test_a_role_that_there_is_not_is_not_there_to_be_taken_back(
    client: AsyncClient, typed: dict[str, str]
) -> None:
    member_id, _ = await joined(client)

    answer = await send(client, f"{PEOPLE}/{member_id}/roles/taken-back", typed, "team")

    assert answer.status_code == 404


async def test_the_team_gives_roles_and_takes_them_back(client: AsyncClient, said: Said) -> None:
    member_id, _ = await joined(client)
    here = f"{PEOPLE}/{member_id}"

    given = [await send(client, f"{here}/roles", {"role": role}, "team") for role in ("volunteer", "hosep")]
    page = await look(client, given[1].headers["location"], "team")
    taken = await send(client, f"{here}/roles/taken-back", {"role": "hosep", "organisation": "DEFRA"}, "team")
    after = words((await look(client, taken.headers["location"], "team")).text)
    to_themselves = await send(client, f"{here}/roles", {"role": "team"}, "team", member_id=member_id)

    assert [its.status_code for its in (*given, taken)] == [303, 303, 303]
    assert "The role is given. They have it when they next sign in, or within ten minutes." in words(page.text)
    assert "Head of profession at Department for Environment, Food and Rural Affairs (Defra)" in words(page.text)
    assert f'href="/members/roles?member={member_id}"' in page.text
    assert "The role is taken back." in after
    assert "Head of profession at" not in after
    assert "Volunteer" in after
    assert to_themselves.status_code == 422
    assert mistakes(to_themselves) == [
        ("role", "Nobody gives themselves a role. Ask somebody else in the central team.")
    ]
    assert [(name, its["role"], its["organisation"]) for name, its in (await said(member_id))[1:]] == [
        ("RoleGranted", "volunteer", None),
        ("RoleGranted", "hosep", "DEFRA"),
        ("RoleRevoked", "hosep", "DEFRA"),
    ]
