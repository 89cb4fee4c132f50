"""Sending a file of members at a browser, and its report as a file."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from members.imports.report import as_csv
from members.imports.store import Settled
from testkit.eventually import eventually

HERE = "/members/imports"
HEADER = "name,email,organisation,grade,joined_on,interests,skills"
PAGE = {"Accept": "text/html"}
SignIn = Callable[..., dict[str, str]]


def file(*rows: str) -> str:
    return "\n".join([HEADER, *rows])


def row(grade: str = "EO", organisation: str = "Met Office") -> str:
    return f"Ben Okafor,{uuid4().hex}@metoffice.example,{organisation},{grade},2016-03-01,,"


async def send(client: AsyncClient, headers: dict[str, str], content: str) -> Response:
    return await client.post(HERE, files={"file": ("members.csv", content)}, headers=PAGE | headers)


async def done(client: AsyncClient, address: str, headers: dict[str, str]) -> str:
    """The page of an import, once it is done."""

    async def page() -> str | None:
        text = (await client.get(address, headers=PAGE | headers)).text
        return text if "The file is done" in text else None

    return await eventually(page, timeout=20) or ""


async def test_a_file_is_sent_shown_and_its_report_downloaded(client: AsyncClient, signed_in: SignIn) -> None:
    team, content = signed_in("team"), file(row(), row(grade="Wizard"), row())

    sent = await send(client, team, content)
    address = sent.headers["location"]
    page = await done(client, address, team)
    again = await done(client, (await send(client, team, content)).headers["location"], team)
    report = await client.get(f"{address}/report.csv", headers=team)
    by_api = await client.get(f"/api/members/v1/imports/{address.rpartition('/')[2]}/report.csv", headers=team)

    assert sent.status_code == 303
    assert counted(page) == {"Rows": "3", "Joined": "2", "A member already": "0", "Not taken": "1"}
    assert counted(again) == {"Rows": "3", "Joined": "0", "A member already": "2", "Not taken": "1"}
    assert "<strong>grade</strong>: This grade is not known there." in page
    assert ("Wizard" in page, "Wizard" in report.text) == (False, False)
    assert report.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_api.text == report.text
    lines = list(csv.DictReader(io.StringIO(report.text.removeprefix("\ufeff"))))
    assert [(its["line"], its["outcome"]) for its in lines] == [("2", "joined"), ("3", "refused"), ("4", "joined")]
    assert UUID(lines[0]["member_id"]) != UUID(lines[2]["member_id"])
    assert lines[1]["to_mend"].startswith("grade: This grade is not known there.")


def counted(page: str) -> dict[str, str]:
    keys = ("Rows", "Joined", "A member already", "Not taken")
    texts = [its.partition("</")[0].strip() for its in page.split("govuk-summary-list__")]
    said = [its.partition(">")[2].strip() for its in texts if its.startswith(("key", "value"))]
    return {key: value for key, value in zip(said[::2], said[1::2], strict=True) if key in keys}


async def test_the_page_says_how_far_it_is_until_it_is_done(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    team = signed_in("team")
    async with running.state.running.database.transaction() as tx:
        await tx.execute("LOCK TABLE member IN EXCLUSIVE MODE")  # nobody can join meanwhile
        address = (await send(client, team, file(row(), row()))).headers["location"]
        page = (await client.get(address, headers=PAGE | team)).text
        listed = (await client.get(HERE, headers=PAGE | team)).text

    assert "0 of 2 rows are done. You can leave this page: it goes on." in " ".join(page.split())
    assert ("location.reload()" in page, "Under way: 0 of 2 rows" in listed) == (True, True)
    finished = await done(client, address, team)
    assert ("location.reload()" in finished, "There is nothing to mend." in finished) == (False, True)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "Choose a CSV file"),
        ({"file": ("", b"")}, "Choose a CSV file"),
        ({"file": ("members.csv", b"name\nBen")}, "The first line of the file lacks these columns"),
    ],
    ids=["nothing", "no file chosen", "no such columns"],
)
async def test_a_file_that_cannot_be_read_is_told_at_its_field(
    client: AsyncClient, signed_in: SignIn, files: dict[str, Any], sentence: str
) -> None:
    answer = await client.post(HERE, files=files or None, headers=PAGE | signed_in("team"))

    assert (answer.status_code, sentence in answer.text, 'href="#file"' in answer.text) == (422, True, True)


async def test_a_head_of_profession_sees_the_files_of_their_organisation_and_others_none(
    client: AsyncClient, signed_in: SignIn
) -> None:
    head, other = signed_in("hosep", organisation="MET-OFFICE"), signed_in("hosep", organisation="UKHSA")
    mine = (await send(client, head, file(row()))).headers["location"]
    teams = (await send(client, signed_in("team"), file(row()))).headers["location"]

    shown = (await client.get(HERE, headers=PAGE | head)).text

    assert (mine in shown, teams in shown, "The file may hold people of Met Office alone." in shown) == (
        True,
        False,
        True,
    )
    for address, caller, status in (
        (mine, other, 404),
        (teams, head, 404),
        (f"{mine}/report.csv", other, 404),
        (HERE, signed_in("member", organisation="MET-OFFICE"), 403),
        (HERE, signed_in("hosep"), 403),
    ):
        assert (await client.get(address, headers=PAGE | caller)).status_code == status
    assert (await send(client, signed_in("member"), file(row()))).status_code == 403


def test_the_file_names_lines_outcomes_and_what_to_mend() -> None:
    member = UUID("00000000-0000-4000-8000-00000000000a")

    assert as_csv([Settled(2, "joined", member), Settled(3, "already-a-member")]) == (
        "\ufeffline,outcome,member_id,to_mend\r\n2,joined,00000000-0000-4000-8000-00000000000a,\r\n3,already-a-member,,\r\n"
    )
