"""Joining by the pages, as a browser without JavaScript does."""

import html
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

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


def kept_on(page: str) -> dict[str, str]:
    """What the hidden fields of a page carry on."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


async def rows_of(running: FastAPI, email: str) -> list[Any]:
    async with running.state.running.database.transaction() as tx:
        found: list[Any] = await tx.fetch("SELECT * FROM member WHERE email = $1", email)
    return found


async def test_a_person_joins_by_the_form_and_is_told_what_happens_next(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    typed = form()

    checked = await client.post("/join/check", data=typed, headers=PAGE)
    nobody = await rows_of(running, typed["email"])
    sent = await client.post("/join/confirm", data=kept_on(checked.text), headers=PAGE)
    shown = await client.get(sent.headers["location"], headers=PAGE)

    assert (sent.status_code, sent.headers["location"]) == (303, "/join/done")
    assert "we’ll write to you at the address that you gave" in shown.text
    assert nobody == []
    [row] = await rows_of(running, typed["email"])
    assert (row["name"], row["organisation"], row["grade"], row["verified_by"]) == ("Cleo O’Neill", "DEFRA", "G7", None)
    assert (row["interests"], row["skills"]) == (["ecology", "hydrology", "soil"], [])


async def test_a_second_click_and_a_stranger_who_asks_see_the_same_and_make_nobody(
    client: AsyncClient, said: Callable[[str], Awaitable[list[Any]]], running: FastAPI
) -> None:
    typed = form()

    answers = [
        await client.post("/join/confirm", data=typed | {"name": name}, headers=PAGE) for name in ("Cleo", "Eve")
    ]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/join/done")] * 2
    rows = await rows_of(running, typed["email"])
    assert [row["name"] for row in rows] == ["Cleo"]
    assert len(await said(str(rows[0]["member_id"]))) == 1


async def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(client: AsyncClient) -> None:
    answer = await client.post(
        "/join/check", data=form(name="", email="cleo<at>defra", grade="", skills="welding"), headers=PAGE
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
    answer = await client.post("/join/check", data={}, headers=PAGE)

    assert re.findall(r'<a href="#(\w+)">', answer.text) == ["name", "email", "organisation", "grade"]


async def test_a_form_from_another_site_is_refused(client: AsyncClient) -> None:
    answer = await client.post("/join/confirm", data=form(), headers=PAGE | {"Origin": "https://evil.example"})

    assert answer.status_code == 403


async def test_the_answers_are_shown_as_they_were_understood_and_nothing_of_them_is_in_an_address(
    client: AsyncClient,
) -> None:
    answer = await client.post("/join/check", data=form(email="Cleo@DEFRA.example"), headers=PAGE)

    words = " ".join(re.sub("<[^>]+>", " ", answer.text).split())
    assert answer.status_code == 200
    assert "Check your answers before you join" in words
    assert "Full name Cleo O’Neill Change full name" in words
    assert "Work email address cleo@defra.example Change work email address" in words
    assert "Organisation Department for Environment, Food and Rural Affairs (Defra) Change organisation" in words
    assert "Grade Grade 7 (G7) Change grade Interests ecology, hydrology, soil Change interests" in words
    assert "Skills None given Change skills" in words
    addresses = re.findall(r'(?:href|action|formaction)="([^"]*)"', answer.text)
    assert [its for its in addresses if "leo" in its or "defra" in its.lower()] == []


async def test_who_changes_an_answer_finds_the_form_with_everything_typed(client: AsyncClient) -> None:
    checked = await client.post("/join/check", data=form(interests="ecology\r\nhydrology"), headers=PAGE)

    answer = await client.post("/join", data=kept_on(checked.text), headers=PAGE)

    assert answer.status_code == 200
    assert 'formaction="/join#email"' in checked.text
    assert 'value="Cleo O’Neill"' in answer.text
    assert '<option value="DEFRA" selected>' in answer.text
    assert "ecology\r\nhydrology</textarea>" in answer.text
    assert "There is a problem" not in answer.text


async def test_who_confirms_what_cannot_be_is_told_at_the_field(client: AsyncClient) -> None:
    answer = await client.post("/join/confirm", data=form(email="cleo"), headers=PAGE)

    assert (answer.status_code, re.findall(r'<a href="#(\w+)">', answer.text)) == (422, ["email"])


async def test_the_address_of_the_check_page_leads_to_the_questions(client: AsyncClient) -> None:
    answers = [await client.get(f"/join/{page}", headers=PAGE) for page in ("check", "confirm")]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/join")] * 2
