"""The register of organisations over HTTP: who enters what, who joins where, and where members of a closed one go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.days import day_in_london
from chassis.testing import account_of, signed_in
from members.places import register
from members.places import store as organisation_store
from testkit.eventually import eventually

Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]
API = "/api/members/v1"
HEADER = "name,email,organisation,grade,joined_on,interests,skills"
TODAY = day_in_london(datetime.now(UTC))
TOMORROW = TODAY + timedelta(days=1)


async def post(client: AsyncClient, path: str, form: Any = None, *roles: str) -> Response:
    return await client.post(API + path, json=form, headers=signed_in(*(roles or ("team",))))


async def registered(client: AsyncClient, opened_on: date = TODAY - timedelta(days=100)) -> str:
    """A new organisation's code."""
    code = f"X{uuid4().hex[:12].upper()}"
    form = {"code": code, "name": f"Office {code}", "opened_on": str(opened_on)}
    answer = await post(client, "/organisations", form)
    assert answer.status_code == 201, answer.text
    return code


async def merged(client: AsyncClient, code: str, *into: str, on: date = TODAY) -> dict[str, Any]:
    answer = await post(client, f"/organisations/{code}/mergers", {"into": list(into), "on": str(on)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def join(client: AsyncClient, organisation: str, email: str = "") -> Response:
    form = {
        "name": "Ada Byron",
        "email": email or f"{uuid4().hex}@ukhsa.example",
        "organisation": organisation,
        "grade": "SEO",
    }
    return await client.post(f"{API}/members", json=form)


async def member_of(client: AsyncClient, organisation: str, email: str = "") -> str:
    its: str = (await join(client, organisation, email)).raise_for_status().json()["member_id"]
    return its


async def seen(client: AsyncClient, member_id: str) -> tuple[str, str]:
    its = (await client.get(f"{API}/members/{member_id}", headers=signed_in("team"))).json()
    return its["organisation"], its["grade"]


async def send(client: AsyncClient, *rows: str, **caller: str) -> dict[str, Any]:
    file = {"file": ("members.csv", "\n".join([HEADER, *rows]).encode(), "text/csv")}
    headers = signed_in("hosep", **caller) if caller else signed_in("team")
    found: dict[str, Any] = (await client.post(f"{API}/imports", files=file, headers=headers)).json()
    return found


async def heard(running: FastAPI, code: str) -> list[str]:
    """What was said of the organisation itself, in its order."""
    async with running.state.running.database.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT type FROM (SELECT id, subject, type FROM outbox UNION SELECT id, subject, type FROM event_log) AS it
            WHERE subject = (SELECT organisation_id FROM organisation WHERE code = $1) ORDER BY id
            """,
            code,
        )
    return [row["type"].split(".")[-2] for row in rows]


async def test_the_register_is_listed_in_parts_by_name(client: AsyncClient) -> None:
    first = (await client.get(f"{API}/organisations?limit=2")).json()
    rest = (await client.get(f"{API}/organisations?after={first['next']}")).json()
    every = (await client.get(f"{API}/organisations")).json()

    assert [its["code"] for its in every["organisations"]] == [
        *[its["code"] for its in first["organisations"]],
        *[its["code"] for its in rest["organisations"]],
    ]
    assert (len(first["organisations"]), first["next"]) == (2, first["organisations"][1]["code"])
    assert (rest["next"], every["next"]) == (None, None)


async def test_anyone_sees_every_organisation_and_what_became_of_the_closed_ones(client: AsyncClient) -> None:
    found = {its["code"]: its for its in (await client.get(f"{API}/organisations")).json()["organisations"]}

    assert sum(1 for its in found.values() if its["opened_on"] != str(TODAY - timedelta(days=100))) >= 30
    assert {code: (found[code]["closed_on"], found[code]["successors"]) for code in ("BEIS", "DFID", "FCO")} == {
        "BEIS": ("2023-02-07", ["DESNZ", "DSIT"]),
        "DFID": ("2020-09-02", ["FCDO"]),
        "FCO": ("2020-09-02", ["FCDO"]),
    }
    assert (found["FCDO"]["opened_on"], found["FCDO"]["open"], found["FCO"]["open"]) == ("2020-09-02", True, False)
    assert (found["UKHSA"]["name"], found["UKHSA"]["opened_on"]) == ("UK Health Security Agency", None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Dstl", "DSTL"),
        ("  met office ", "MET-OFFICE"),
        ("Met-Office", "MET-OFFICE"),
        ("The Met Office", "MET-OFFICE"),
        ("Government Office for Science", "GO-SCIENCE"),
        ("DEPARTMENT FOR ENVIRONMENT, FOOD & RURAL AFFAIRS", "DEFRA"),
        ("HM Revenue and Customs", "HMRC"),
        ("UK Space Agency", "UK-SPACE-AGENCY"),
        ("Department for International Development", "DFID"),
    ],
)
async def test_the_organisations_of_the_profession_are_known_as_people_write_them(
    running: FastAPI, text: str, code: str
) -> None:
    places = await organisation_store.places_now(running.state.running.database)

    its = places.register.named(text)

    assert its is not None
    assert its.code == code


async def test_the_team_registers_an_organisation_once_and_people_join_from_its_day(
    client: AsyncClient, running: FastAPI
) -> None:
    code = f"X{uuid4().hex[:12].upper()}"
    form = {"code": code, "name": f"Office {code}", "short": f"o{code}", "opened_on": str(TOMORROW)}
    headers = signed_in("team") | {"Idempotency-Key": uuid4().hex}

    first, again = [await client.post(f"{API}/organisations", json=form, headers=headers) for _ in range(2)]
    other = await post(client, "/organisations", form)
    too_early = await join(client, code)

    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert (first.json()["open"], first.json()["opened_on"]) == (False, str(TOMORROW))
    assert (other.status_code, other.json()["type"]) == (409, "/problems/already-registered")
    assert (too_early.status_code, too_early.json()["errors"][0]["field"]) == (422, "organisation")
    assert await heard(running, code) == ["OrganisationRegistered"]


async def test_the_same_name_sent_twice_at_once_is_registered_once(client: AsyncClient) -> None:
    word = uuid4().hex[:12].upper()
    forms = [{"code": f"{word}{n}", "name": f"Office {word}", "opened_on": "2020-01-01"} for n in (1, 2)]

    answers = await asyncio.gather(*(post(client, "/organisations", form) for form in forms))

    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    "form",
    [
        {"code": "lower", "name": "Office", "opened_on": "2027-01-01"},
        {"code": "OK", "name": "", "opened_on": "2027-01-01"},
        {"code": "OK", "name": "Two\nlines", "opened_on": "2027-01-01"},
        {"code": "OK", "name": "Office", "opened_on": "1066-10-14"},
        {"code": "OK", "name": "Office"},
    ],
)
async def test_what_cannot_be_an_organisation_is_named_at_its_field(client: AsyncClient, form: dict[str, str]) -> None:
    answer = await post(client, "/organisations", form)

    assert (answer.status_code, len(answer.json()["errors"])) == (422, 1)


async def test_nobody_but_the_team_writes_in_the_register(client: AsyncClient) -> None:
    form = {"code": "NOBODYS", "name": "Nobody’s", "opened_on": "2027-01-01"}

    assert (await post(client, "/organisations", form, "hosep")).status_code == 403
    answer = await post(client, "/organisations/UKHSA/mergers", {"into": ["Defra"], "on": "2027-01-01"}, "hosep")
    assert answer.status_code == 403


async def test_members_of_one_that_merges_into_one_move_there_with_their_grades(
    client: AsyncClient, running: FastAPI, said: Said
) -> None:
    old, new = await registered(client), await registered(client)
    ada, ben = await member_of(client, old), await member_of(client, old)
    await client.post(f"{API}/members/{ben}/departures", headers=signed_in("team"))

    answer = await merged(client, old, new)

    async def moved() -> bool:
        return await seen(client, ada) == (new, "SEO")

    await eventually(moved, timeout=20)
    assert (answer["closed_on"], answer["successors"], answer["open"]) == (str(TODAY), [new], False)
    assert [name for name, _ in await said(ada)] == ["MemberJoined", "MemberTransferred"]
    assert [name for name, _ in await said(ben)] == ["MemberJoined", "MemberLeft"]
    assert await seen(client, ben) == (old, "SEO")
    assert await heard(running, old) == ["OrganisationRegistered", "OrganisationMerged"]


async def test_who_headed_one_that_merges_hears_that_this_has_ended(client: AsyncClient, said: Said) -> None:
    old, new = await registered(client), await registered(client)
    member_id, team = await member_of(client, old), signed_in("team")
    head = {"role": "hosep", "organisation": old}
    (await client.post(f"{API}/members/{member_id}/role-grants", json=head, headers=team)).raise_for_status()

    merger = {"into": [new], "on": str(TODAY)}
    (await client.post(f"{API}/organisations/{old}/mergers", json=merger, headers=team)).raise_for_status()

    async def moved() -> bool:
        return await seen(client, member_id) == (new, "SEO")

    await eventually(moved)
    assert (await said(member_id))[2:] == [
        ("RoleRevoked", {"member_id": member_id, **head}),
        (
            "MemberTransferred",
            {"member_id": member_id, "organisation": new, "grade": "SEO", "grade_band": "HEO-SEO"},
        ),
    ]
    assert (await client.get(f"{API}/members/{member_id}/roles", headers=team)).json()["roles"] == []
    [newest, _] = (await client.get(f"{API}/role-records?member_id={member_id}", headers=team)).json()["records"]
    assert (newest["granted"], newest["by"]) == (False, str(account_of(team)))


async def test_a_merger_that_is_to_come_moves_nobody_before_its_day(client: AsyncClient, running: FastAPI) -> None:
    old, new = await registered(client), await registered(client)
    ada = await member_of(client, old)

    answer = await merged(client, old, new, on=TOMORROW)
    late = await join(client, old)
    while await register.carry_out(running.state.running.database):
        pass

    assert (answer["open"], late.status_code) == (True, 201)
    assert (await seen(client, ada))[0] == old
    assert await heard(running, old) == ["OrganisationRegistered"]


async def test_members_of_one_that_becomes_several_stay_until_they_choose(client: AsyncClient, said: Said) -> None:
    old, first, second, other = [await registered(client) for _ in range(4)]
    ada = await member_of(client, old)
    await merged(client, old, first, second)
    own = signed_in("member", member_id=ada)

    grade = await client.post(f"{API}/members/{ada}/grade-changes", json={"grade": "G7"}, headers=own)
    form = {"organisation": old, "grade": "SEO"}
    other_one = await member_of(client, other)
    back = await post(client, f"/members/{other_one}/transfers", form)
    chosen = await client.post(
        f"{API}/members/{ada}/transfers", json={"organisation": second, "grade": "G7"}, headers=own
    )

    assert (grade.status_code, grade.json()["organisation"]) == (200, old)
    assert (back.status_code, back.json()["type"]) == (422, "/problems/organisation-closed")
    assert (chosen.status_code, chosen.json()["organisation"]) == (200, second)
    assert [name for name, _ in await said(ada)] == ["MemberJoined", "MemberGradeChanged", "MemberTransferred"]


async def test_a_closed_organisation_takes_nobody_and_says_who_stands_in_its_place(client: AsyncClient) -> None:
    answer = await join(client, "BEIS")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/organisation-closed")
    assert answer.json()["errors"] == [
        {
            "field": "organisation",
            "detail": "Department for Business, Energy and Industrial Strategy (BEIS) closed on 7 February 2023. Choose"
            " what stands in its place: Department for Energy Security and Net Zero (DESNZ) or Department for Science,"
            " Innovation and Technology (DSIT)",
        }
    ]


async def test_an_import_is_refused_row_by_row_where_it_names_a_closed_organisation(client: AsyncClient) -> None:
    rows = [
        f"Ada Byron,{uuid4().hex}@fcdo.example,{organisation},A2,2016-03-01,,"
        for organisation in ("FCDO", "DFID", "Foreign and Commonwealth Office")
    ]

    report = await send(client, *rows)

    assert [row["outcome"] for row in report["report"]] == ["joined", "refused", "refused"]
    sentence = report["report"][1]["errors"][0]["detail"]
    assert sentence.startswith("Department for International Development (DFID) closed on 2 September 2020. Choose")
    # The word is one of the old ladder, which ended with its organisation.
    assert [error["field"] for error in report["report"][1]["errors"]] == ["organisation", "grade"]


async def test_an_import_says_where_members_of_one_that_became_several_went(client: AsyncClient, said: Said) -> None:
    old, first, second, other = [await registered(client) for _ in range(4)]
    emails = [f"{uuid4().hex}@old.example" for _ in range(3)]
    members = [await member_of(client, old, email) for email in emails]
    head = {"role": "hosep", "organisation": old}
    (await post(client, f"/members/{members[1]}/role-grants", head)).raise_for_status()
    await merged(client, old, first, second)

    def row(email: str, organisation: str) -> str:
        return f"Ada Byron,{email},{organisation},G7,2016-03-01,,"

    file = [row(emails[0], first), row(emails[1], second), row(emails[2], other), row(emails[0], second)]
    report = await send(client, *file)
    again = await send(client, *file)
    theirs = await send(client, row(emails[2], second), organisation=second)

    assert [its["outcome"] for its in report["report"]] == [
        "transferred", "transferred", "already-a-member", "already-a-member",
    ]  # fmt: skip
    assert (report["transferred"], report["already_members"], again["already_members"]) == (2, 2, 4)
    assert [its["outcome"] for its in theirs["report"]] == ["transferred"]
    assert [await seen(client, each) for each in members] == [(first, "G7"), (second, "G7"), (second, "G7")]
    assert [name for name, _ in await said(members[0])] == ["MemberJoined", "MemberTransferred"]
    assert [name for name, _ in await said(members[1])][2:] == ["RoleRevoked", "MemberTransferred"]


async def test_who_entered_an_organisation_and_who_last_said_what_becomes_of_it_is_kept(
    client: AsyncClient, running: FastAPI
) -> None:
    entering, first, last = (signed_in("team") for _ in range(3))
    code = f"X{uuid4().hex[:12].upper()}"
    form = {"code": code, "name": f"Office {code}", "opened_on": str(TODAY)}
    added = await client.post(f"{API}/organisations", json=form, headers=entering)
    kept = []
    for headers, into in ((first, "UKHSA"), (last, "DEFRA")):
        merger = {"into": [into], "on": str(TOMORROW)}
        said = await client.post(f"{API}/organisations/{code}/mergers", json=merger, headers=headers)
        assert said.status_code == 200, said.text
        async with running.state.running.database.transaction() as tx:
            kept.append(await tx.fetchrow("SELECT * FROM organisation WHERE code = $1", code))
    copies = [(await client.get(f"{API}/my/copy", headers=headers)).json() for headers in (entering, first, last)]

    assert added.status_code == 201
    assert [(its["registered_by"], its["merged_by"]) for its in kept] == [
        (account_of(entering), account_of(first)),
        (account_of(entering), account_of(last)),
    ]
    assert kept[0]["registered_at"] < kept[0]["merged_at"] < kept[1]["merged_at"]
    rows = [[(row["organisation"], row["what"]) for its in copy["holdings"] for row in its["rows"]] for copy in copies]
    assert rows == [[(f"Office {code}", "entered")], [], [(f"Office {code}", "said what becomes of it")]]
