"""The pages, as a browser without JavaScript gets them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

PAGE = {"Accept": "text/html"}


def form(**changed: str) -> dict[str, str]:
    return {
        "name": "Cleo O’Neill",
        "email": f"{uuid4().hex}@defra.example",
        "organisation": "DEFRA",
        "grade": "G7",
        "interests": "ecology\r\nhydrology, soil",
        "skills": "",
    } | changed


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "Home"),
        ("/join", "Join the profession"),
        ("/join/done", "We have your details"),
        ("/privacy", "Privacy"),
        ("/cookies", "Cookies"),
        ("/accessibility", "Accessibility"),
    ],
)
async def test_every_page_has_its_title_and_one_heading_and_no_event_names(
    client: AsyncClient, address: str, title: str
) -> None:
    answer = await client.get(address, headers=PAGE)

    assert answer.status_code == 200
    assert f"<title>{title} - Government Science and Engineering profession</title>" in " ".join(answer.text.split())
    assert len(re.findall("<h1", answer.text)) == 1
    assert not re.search("Member[A-Z]|MemberJoined|Kafka|UUID", answer.text)


async def test_a_person_joins_by_the_form_and_is_told_what_happens_next(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    typed = form()

    sent = await client.post("/join", data=typed, headers=PAGE)
    shown = await client.get(sent.headers["location"], headers=PAGE)

    assert (sent.status_code, sent.headers["location"]) == (303, "/join/done")
    assert "We’ll write to you at the address that you gave" in shown.text
    async with running.state.running.database.transaction() as tx:
        row = await tx.fetchrow("SELECT * FROM member WHERE email = $1", typed["email"])
    assert row is not None
    assert (row["name"], row["organisation"], row["grade"], row["verified_by"]) == ("Cleo O’Neill", "DEFRA", "G7", None)
    assert (row["interests"], row["skills"]) == (["ecology", "hydrology", "soil"], [])


async def test_a_second_click_and_a_stranger_who_asks_see_the_same_and_make_nobody(
    client: AsyncClient, said: Callable[[str], Awaitable[list[Any]]], running: FastAPI
) -> None:
    typed = form()

    answers = [await client.post("/join", data=typed | {"name": name}, headers=PAGE) for name in ("Cleo", "Eve")]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/join/done")] * 2
    async with running.state.running.database.transaction() as tx:
        rows = await tx.fetch("SELECT name, member_id FROM member WHERE email = $1", typed["email"])
    assert [row["name"] for row in rows] == ["Cleo"]
    assert len(await said(str(rows[0]["member_id"]))) == 1


async def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(client: AsyncClient) -> None:
    answer = await client.post(
        "/join", data=form(name="", email="cleo<at>defra", grade="", skills="welding"), headers=PAGE
    )

    page = " ".join(answer.text.split())
    assert answer.status_code == 422
    assert "<title>Error: Join the profession - Government" in page
    summary = re.findall(r'<a href="#(\w+)">([^<]+)</a>', page)
    assert summary == [
        ("name", "Enter your full name"),
        ("email", "Enter an email address in the correct format, like name@example.com"),
        ("grade", "Choose your grade"),
    ]
    assert 'value="cleo&lt;at&gt;defra"' in page
    assert '<option value="DEFRA" selected>' in page
    assert "welding</textarea>" in page
    assert "ecology hydrology, soil</textarea>" in page


async def test_an_empty_form_names_what_is_needed_and_not_what_is_optional(client: AsyncClient) -> None:
    answer = await client.post("/join", data={}, headers=PAGE)

    assert re.findall(r'<a href="#(\w+)">', answer.text) == ["name", "email", "organisation", "grade"]


async def test_a_form_from_another_site_is_refused(client: AsyncClient) -> None:
    answer = await client.post("/join", data=form(), headers=PAGE | {"Origin": "https://evil.example"})

    assert answer.status_code == 403


async def test_the_home_page_counts_the_members(client: AsyncClient) -> None:
    for _ in range(2):
        await client.post("/join", data=form(), headers=PAGE)
    counted = (await client.get("/api/members/v1/counts")).json()["members"]

    page = " ".join((await client.get("/", headers=PAGE)).text.split())

    assert f"<strong>{counted}</strong> people are members" in page
