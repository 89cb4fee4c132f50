"""Files of members, on the real database and broker: everyone once, row by row, whatever happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from members.imports.file import rows_of
from members.imports.settling import work_off
from members.imports.store import begin
from testkit.eventually import eventually

SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]
IMPORTS = "/api/members/v1/imports"
HEADER = "name,email,organisation,grade,joined_on,interests,skills"


def row(email: str = "", **changed: str) -> str:
    """A line about Ben, at an address that nobody had before."""
    cells = {
        "name": "Ben Okafor",
        "email": email or f"{uuid4().hex}@metoffice.example",
        "organisation": "Met Office",
        "grade": "EO",
        "joined_on": "2016-03-01",
        "interests": "meteorology; ecology",
        "skills": "software",
    } | changed
    return ",".join(cells.values())


def file(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


async def send(client: AsyncClient, headers: dict[str, str], content: str | bytes, **params: int) -> Response:
    sent = content if isinstance(content, bytes) else content.encode()
    file = {"file": ("members.csv", sent, "text/csv")}
    return await client.post(IMPORTS, params=params, files=file, headers=headers)


def figures(answer: Response) -> tuple[int, int, int, int]:
    report = answer.json()
    return report["rows"], report["joined"], report["already_members"], report["refused"]


async def test_a_file_joins_its_people_as_verified_and_the_same_file_again_changes_nothing(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    content = file(*(row() for _ in range(250)))

    first = await send(client, signed_in("team"), content, limit=250)
    again = await send(client, signed_in("team"), content, limit=250)

    assert (first.status_code, first.json()["state"], figures(first)) == (201, "done", (250, 250, 0, 0))
    assert (again.status_code, again.json()["state"], figures(again)) == (201, "done", (250, 0, 250, 0))
    assert [line["line"] for line in first.json()["report"]] == list(range(2, 252))
    members = [line["member_id"] for line in first.json()["report"]]
    assert [line["member_id"] for line in again.json()["report"]] == members
    shown = (await client.get(f"/api/members/v1/members/{members[7]}", headers=signed_in("team"))).json()
    assert shown["verified"]
    assert (shown["organisation"], shown["grade"], shown["joined_on"]) == ("MET-OFFICE", "EO", "2016-03-01")
    assert (shown["interests"], shown["skills"]) == (["meteorology", "ecology"], ["software"])
    assert await said(members[7]) == [
        (
            "MemberJoined",
            {
                "member_id": members[7],
                "organisation": "MET-OFFICE",
                "grade_band": "EO",
                "grade": "EO",
                "joined_on": "2016-03-01",
            },
        )
    ]


async def test_the_same_file_again_brings_back_nobody_who_has_left_or_is_at_another_address(
    client: AsyncClient, signed_in: SignIn
) -> None:
    team, here = signed_in("team"), "/api/members/v1/members"
    content = file(row(), row(), row(), row(), row(grade="Wizard"))
    first = (await send(client, team, content)).json()
    left, erased, moved, stays = [its["member_id"] for its in first["report"][:4]]
    (await client.post(f"{here}/{left}/departures", headers=team)).raise_for_status()
    (await client.post(f"{here}/{erased}/erasure", headers=team)).raise_for_status()
    address = {"email": f"{uuid4().hex}@metoffice.example"}
    (await client.post(f"{here}/{moved}/contact-changes", json=address, headers=team)).raise_for_status()
    before = (await client.get("/api/members/v1/counts")).json()

    again = [await send(client, caller, content) for caller in (team, signed_in("hosep", organisation="MET-OFFICE"))]
    report = (await client.get(again[0].headers["location"] + "/report.csv", headers=team)).text

    for its in (answer.json() for answer in again):
        assert [line["outcome"] for line in its["report"]] == [
            "taken-before", "taken-before", "taken-before", "already-a-member", "refused",
        ]  # fmt: skip
        assert [line["member_id"] for line in its["report"]] == [None, None, None, stays, None]
        assert (its["joined"], its["already_members"], its["taken_before"], its["refused"]) == (0, 1, 3, 1)
    assert "2,taken-before,," in report
    assert (await client.get("/api/members/v1/counts")).json() == before
    with_one_more = await send(client, team, content + row() + "\n")
    assert (with_one_more.json()["joined"], with_one_more.json()["taken_before"]) == (4, 0)


async def test_each_row_has_its_outcome_and_bad_cells_are_named_and_not_repeated(
    client: AsyncClient, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@metoffice.example"
    content = file(
        row(email),
        row(name="", email="secret-nonsense", grade="Wizard", joined_on="1 March 2016"),
        row(email.upper()),
        "",
        "only,three,cells",
        ",,,,,,",
        row(joined_on="2999-01-01"),
        row(organisation="Narnia"),
    )

    answer = await send(client, signed_in("team"), content)

    assert figures(answer) == (6, 1, 1, 4)
    report = answer.json()["report"]
    assert [(line["line"], line["outcome"], [error["field"] for error in line["errors"]]) for line in report] == [
        (2, "joined", []),
        (3, "refused", ["name", "email", "grade", "joined_on"]),
        (4, "already-a-member", []),
        (6, "refused", ["line"]),
        (8, "refused", ["joined_on"]),
        (9, "refused", ["organisation"]),
    ]
    assert report[0]["member_id"] == report[2]["member_id"]
    assert report[1]["errors"][3]["detail"] == "Enter a date as year-month-day, such as 2021-11-01"
    assert not any(typed in answer.text for typed in ("secret-nonsense", "Wizard", "Narnia", "Ben Okafor", email))


async def test_columns_may_stand_in_any_order_in_any_letters_behind_a_byte_order_mark(
    client: AsyncClient, signed_in: SignIn
) -> None:
    cells = f'software,EO,"Okafor, Ben",Met Office,{uuid4().hex}@metoffice.example,2016-03-01,'
    content = file(cells, header="Skills,Grade, Name,organisation,EMAIL,joined_on,interests").replace("\n", "\r\n")

    answer = await send(client, signed_in("team"), b"\xef\xbb\xbf" + content.encode())

    assert figures(answer) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The first line of the file must name its columns, held apart by commas: " + HEADER.replace(",", ", ")),
        (file(row(), header=HEADER.replace(",", ";")), "The first line of the file must name its columns"),
        (file(row(), header="name,email"), "The first line of the file lacks these columns: organisation, grade"),
        (file(row(), header=HEADER + ",name"), "The first line of the file must name each of these columns once"),
        (file(row(), header=HEADER + ",salary"), "The first line of the file must name each of these columns once"),
        (file(), "The file has a header line and nobody below it"),
        (file(row(name='"Ben')), "Line 2 of the file is not valid CSV"),
        (file(row(name="Ben\0")), "The file is not text in UTF-8"),
        (file(row(name="José")).encode("latin-1"), "The file is not text in UTF-8"),
        (file(*["a,b"] * 20_001), "The file has more than 20,000 rows: send it in parts"),
    ],
    ids=["empty", "semicolons", "missing", "twice", "unknown", "nobody", "quote", "nul", "latin", "long"],
)
async def test_a_file_that_cannot_be_read_is_refused_whole_in_a_sentence(
    client: AsyncClient, signed_in: SignIn, content: str | bytes, sentence: str
) -> None:
    answer = await send(client, signed_in("team"), content)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "file"
    assert answer.json()["errors"][0]["detail"].startswith(sentence)


async def test_a_file_above_8_mb_is_refused(client: AsyncClient, signed_in: SignIn) -> None:
    answer = await send(client, signed_in("team"), file(*[row()] * 90_000))

    assert (answer.status_code, answer.json()["detail"]) == (413, "Send 8 MB at most.")


async def test_only_the_team_and_heads_of_profession_may_send_files(client: AsyncClient, signed_in: SignIn) -> None:
    callers = {
        "nobody": {},
        "member": signed_in("member", organisation="MET-OFFICE"),
        "operator": signed_in("operator"),
        "head of nothing": signed_in("hosep"),
    }

    answers = {who: (await send(client, headers, file(row()))).status_code for who, headers in callers.items()}

    assert answers == {"nobody": 401, "member": 403, "operator": 403, "head of nothing": 403}


async def test_a_head_of_profession_imports_their_own_organisation_and_learns_nothing_of_another(
    client: AsyncClient, signed_in: SignIn
) -> None:
    elsewhere, here = f"{uuid4().hex}@ukhsa.example", f"{uuid4().hex}@metoffice.example"
    head = signed_in("hosep", organisation="MET-OFFICE")
    await send(client, signed_in("team"), file(row(elsewhere, organisation="UKHSA"), row(here)))

    answer = await send(client, head, file(row(), row(elsewhere), row(here), row(organisation="UKHSA")))

    report = answer.json()["report"]
    assert [line["outcome"] for line in report] == ["joined", "already-a-member", "already-a-member", "refused"]
    assert [line["member_id"] is not None for line in report] == [True, False, True, False]
    assert report[3]["errors"] == [
        {"field": "organisation", "detail": "You can import members of your own organisation only"}
    ]


async def test_a_report_comes_in_parts_of_a_hundred_rows_where_nobody_asks_for_more(
    client: AsyncClient, signed_in: SignIn
) -> None:
    sent = await send(client, signed_in("team"), file(*(row() for _ in range(101))))
    shown = await client.get(sent.headers["location"], headers=signed_in("team"))
    rest = await client.get(sent.headers["location"], params={"after": 101}, headers=signed_in("team"))

    for its in (sent, shown):
        assert ([line["line"] for line in its.json()["report"]], its.json()["next"]) == (list(range(2, 102)), 101)
        assert figures(its) == (101, 101, 0, 0)
    assert ([line["line"] for line in rest.json()["report"]], rest.json()["next"]) == ([102], None)


async def test_files_that_were_sent_are_listed_the_newest_first_in_parts_to_who_may_see_them(
    client: AsyncClient, signed_in: SignIn
) -> None:
    head = signed_in("hosep", organisation="MET-OFFICE")
    of_head = [(await send(client, head, file(row(), row(grade="Wizard")))).json()["import_id"] for _ in range(3)]
    of_team = (await send(client, signed_in("team"), file(row()))).json()["import_id"]

    first = (await client.get(IMPORTS, params={"limit": 2}, headers=signed_in("team"))).json()
    their = (await client.get(IMPORTS, params={"limit": 2}, headers=head)).json()
    rest = (await client.get(IMPORTS, params={"limit": 1, "after": their["next"]}, headers=head)).json()
    others = (await client.get(IMPORTS, headers=signed_in("hosep", organisation="UKHSA"))).json()

    assert [its["import_id"] for its in first["imports"]] == [of_team, of_head[2]]
    assert [its["import_id"] for its in their["imports"]] == [of_head[2], of_head[1]]
    assert [its["import_id"] for its in rest["imports"]] == [of_head[0]]
    assert others == {"imports": [], "next": None}
    one = their["imports"][0]
    assert (one["organisation"], one["rows"], one["by_outcome"]) == ("MET-OFFICE", 2, {"joined": 1, "refused": 1})
    assert one["done_at"] > one["begun_at"]
    assert (await client.get(IMPORTS, headers=signed_in("member"))).status_code == 403


async def test_a_report_is_read_in_parts_by_who_may_see_it(client: AsyncClient, signed_in: SignIn) -> None:
    head = signed_in("hosep", organisation="MET-OFFICE")
    sent = await send(client, head, file(*(row() for _ in range(5))))
    address = sent.headers["location"]

    first = (await client.get(address, params={"limit": 3}, headers=head)).json()
    rest = (await client.get(address, params={"after": first["next"], "limit": 3}, headers=signed_in("team"))).json()

    assert ([line["line"] for line in first["report"]], first["next"]) == ([2, 3, 4], 4)
    assert ([line["line"] for line in rest["report"]], rest["next"]) == ([5, 6], None)
    for who, status in (
        (signed_in("hosep", organisation="UKHSA"), 404),
        (signed_in("member", organisation="MET-OFFICE"), 404),
        ({}, 401),
    ):
        assert (await client.get(address, headers=who)).status_code == status
    assert (await client.get(f"{IMPORTS}/{uuid4()}", headers=signed_in("team"))).status_code == 404
    teams = (await send(client, signed_in("team"), file(row()))).headers["location"]
    assert (await client.get(teams, headers=head)).status_code == 404


async def test_a_repeat_with_the_same_key_gives_the_report_of_the_first(client: AsyncClient, signed_in: SignIn) -> None:
    headers, content = signed_in("team") | {"Idempotency-Key": str(uuid4())}, file(row())

    first, again = [await send(client, headers, content) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


async def test_an_import_that_nobody_works_on_is_taken_up_and_two_replicas_join_everyone_once(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    database, import_id = running.state.running.database, uuid4()
    content = file(*(row() for _ in range(450)))
    before = (await client.get("/api/members/v1/counts")).json()["members"]
    async with database.transaction() as tx:
        await begin(tx, import_id, account_id=uuid4(), organisation=None, rows=rows_of(content.encode()))

    await asyncio.gather(*(work_off(database) for _ in range(6)))

    async def done() -> dict[str, Any] | None:
        report = (await client.get(f"{IMPORTS}/{import_id}", headers=signed_in("team"))).json()
        return report if report["state"] == "done" else None

    assert (await eventually(done, timeout=20) or {})["joined"] == 450
    assert (await client.get("/api/members/v1/counts")).json()["members"] == before + 450


async def test_nothing_personal_stays_with_an_import_that_is_done(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    await send(client, signed_in("team"), file(row(), row(grade="Wizard"), row(email="nonsense")))

    async with running.state.running.database.transaction() as tx:
        kept = await tx.fetchval(
            "SELECT count(*) FROM import_row JOIN import USING (import_id) WHERE done_at IS NOT NULL "
            "AND cells IS NOT NULL"
        )
    assert kept == 0


async def test_whoever_will_not_wait_gets_the_progress_and_an_address(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    patient = running.state.settings
    running.state.settings = patient.model_copy(update={"import_wait_seconds": 0})
    try:
        answer = await send(client, signed_in("team"), file(*(row() for _ in range(300))))
    finally:
        running.state.settings = patient

    assert (answer.status_code, answer.json()["state"], answer.json()["rows"]) == (202, "working", 300)

    async def done() -> bool:
        report = (await client.get(answer.headers["location"], headers=signed_in("team"))).json()
        return bool(report["joined"] == 300)

    assert await eventually(done, timeout=20)
