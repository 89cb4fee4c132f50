"""Members over HTTP, on its real database and broker."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from members.opportunities.testing import at
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.records import Record, read_all

SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]
MEMBERS = "/api/members/v1/members"
NOBODY = "00000000-0000-4000-8000-000000000000"


def somebody(**changed: Any) -> dict[str, Any]:
    """Ada, at an address that nobody had before."""
    return {
        "name": "Ada Byron",
        "email": f"Ada.{uuid4().hex}@UKHSA.example",
        "organisation": "UKHSA",
        "grade": "HEO",
        "interests": ["epidemiology", "Epidemiology", " "],
        "skills": ["statistics"],
    } | changed


async def joined(client: AsyncClient, **changed: Any) -> str:
    answer = await client.post(MEMBERS, json=somebody(**changed))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"])


def problem(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


async def of(kafka: KafkaAddress, topic: str, member_id: str, *, at_least: int) -> list[Record]:
    """A member's records on a topic, once there are so many."""

    async def there() -> list[Record] | None:
        records = [record for record in await read_all(kafka, topic) if record.key == member_id.encode()]
        return records if len(records) >= at_least else None

    return await eventually(there, timeout=20) or []


async def test_a_member_joins_moves_and_leaves_and_every_stream_hears_its_part(
    client: AsyncClient, kafka: KafkaAddress, topics: str, signed_in: SignIn
) -> None:
    member_id = await joined(client, name="Ada Quixwell", email="ada.quixwell@ukhsa.example")
    own = signed_in("member", member_id=member_id)
    for path, form in (
        ("grade-changes", {"grade": "Senior Executive Officer"}),
        ("transfers", {"organisation": "fcdo", "grade": "A2"}),
        ("departures", {}),
    ):
        assert (await client.post(f"{MEMBERS}/{member_id}/{path}", json=form, headers=own)).status_code == 200

    internal = await of(kafka, f"{topics}gse.members", member_id, at_least=4)
    public = await of(kafka, f"{topics}gse.members.public", member_id, at_least=4)
    contacts = await of(kafka, f"{topics}gse.members.contacts", member_id, at_least=2)

    assert [(record.header("ce_type"), record.header("ce_sequence")) for record in internal] == [
        ("uk.gov.gse.members.MemberJoined.v1", "1"),
        ("uk.gov.gse.members.MemberGradeChanged.v1", "2"),
        ("uk.gov.gse.members.MemberTransferred.v1", "3"),
        ("uk.gov.gse.members.MemberLeft.v1", "4"),
    ]
    assert [record.json() for record in public] == [
        {"member_id": member_id, "organisation": "UKHSA", "grade_band": "HEO-SEO"},
        {"member_id": member_id, "organisation": "UKHSA", "grade_band": "HEO-SEO"},
        {"member_id": member_id, "organisation": "FCDO", "grade_band": "G7-G6"},
        {"member_id": member_id, "organisation": "FCDO", "grade_band": "G7-G6"},
    ]
    assert [record.value is None for record in contacts] == [False, True]
    assert UUID(contacts[0].json()["verification_id"]) != UUID(member_id)
    assert contacts[0].json() | {"verification_id": ""} == {
        "member_id": member_id,
        "name": "Ada Quixwell",
        "email": "ada.quixwell@ukhsa.example",
        "verification_id": "",
    }
    assert b"quixwell" not in repr([*internal, *public]).lower().encode()


async def test_the_same_address_in_any_letters_joins_once(client: AsyncClient) -> None:
    email = f"{uuid4().hex}@defra.example"

    answers = await asyncio.gather(
        *(client.post(MEMBERS, json=somebody(email=its)) for its in (email, email.upper(), f" {email}"))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json() == {
        "type": "/problems/already-a-member",
        "title": "Already a member",
        "status": 409,
        "detail": "There is a member with this email address already.",
    }


async def test_a_repeat_with_the_same_key_answers_as_the_first_and_makes_nobody(
    client: AsyncClient, said: Said, signed_in: SignIn
) -> None:
    form, key = somebody(), {"Idempotency-Key": str(uuid4())}

    first, again = [await client.post(MEMBERS, json=form, headers=key) for _ in range(2)]

    member_id = first.json()["member_id"]
    assert (first.status_code, again.status_code, again.json()) == (201, 201, {"member_id": member_id})
    leaving = signed_in("member", member_id=member_id) | {"Idempotency-Key": str(uuid4())}
    assert (await client.post(f"{MEMBERS}/{member_id}/departures", headers=leaving)).status_code == 200
    assert [name for name, _ in await said(member_id)] == ["MemberJoined", "MemberLeft"]


async def test_every_wrong_field_is_named_at_once_and_nothing_that_was_sent_is_repeated(client: AsyncClient) -> None:
    answer = await client.post(
        MEMBERS,
        json=somebody(name=" ", email="nonsense", organisation="Atlantis", grade="Emperor", skills=["x" * 81]),
    )

    assert problem(answer) == (422, "/problems/invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [
        "name", "email", "organisation", "grade", "skills",
    ]  # fmt: skip
    sentences = {error["field"]: error["detail"] for error in answer.json()["errors"]}
    assert sentences["email"] == "Enter an email address in the correct format, like name@example.com"
    assert sentences["organisation"].startswith("This organisation is not known here. Enter one of these: APHA, Cefas,")
    assert sentences["grade"].endswith("AA, AO, EO, HEO, SEO, G7, G6, SCS1, SCS2, SCS3, SCS4")
    assert not any(typed in answer.text for typed in ("nonsense", "Atlantis", "Emperor", "xxx"))


@pytest.mark.parametrize("form", [{}, {"name": 1}, somebody(interests="many"), somebody(name="A\u0000B")])
async def test_a_form_that_is_no_form_is_a_problem_and_not_a_failure(client: AsyncClient, form: dict[str, Any]) -> None:
    assert problem(await client.post(MEMBERS, json=form)) == (422, "/problems/invalid")


async def test_who_joins_with_a_token_that_is_not_valid_is_sent_away(client: AsyncClient) -> None:
    answer = await client.post(MEMBERS, json=somebody(), headers={"Authorization": "Bearer nonsense"})

    assert problem(answer) == (401, "about:blank")


async def test_a_member_is_shown_to_themselves_the_team_and_their_head_of_profession_and_to_nobody_else(
    client: AsyncClient, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@ukhsa.example"
    member_id = await joined(client, email=email)
    callers = {
        "themselves": signed_in("member", member_id=member_id),
        "team": signed_in("team"),
        "their head of profession": signed_in("hosep", organisation="UKHSA"),
        "another's": signed_in("hosep", organisation="DEFRA"),
        "another member": signed_in("member", member_id=NOBODY, organisation="UKHSA"),
        "operator": signed_in("operator"),
        "nobody": {},
    }

    seen = {who: await client.get(f"{MEMBERS}/{member_id}", headers=headers) for who, headers in callers.items()}

    assert {who: answer.status_code for who, answer in seen.items()} == {
        "themselves": 200,
        "team": 200,
        "their head of profession": 200,
        "another's": 404,
        "another member": 404,
        "operator": 404,
        "nobody": 401,
    }
    shown = seen["themselves"].json()
    assert len(shown.pop("joined_on")) == len("2026-11-23")
    assert shown == {
        "member_id": member_id,
        "name": "Ada Byron",
        "email": email,
        "organisation": "UKHSA",
        "grade": "HEO",
        "interests": ["epidemiology"],
        "skills": ["statistics"],
        "verified": False,
        "address_verified": False,
        "left_on": None,
        "departed_at": None,
        "departed_by": None,
    }
    assert (await client.get(f"{MEMBERS}/{NOBODY}", headers=signed_in("team"))).status_code == 404


@pytest.mark.parametrize("change", ["grade-changes", "transfers", "contact-changes", "departures"])
async def test_only_the_member_and_the_team_may_change_a_member(
    client: AsyncClient, signed_in: SignIn, said: Said, change: str
) -> None:
    member_id = await joined(client)
    form = {"grade": "G7", "organisation": "Defra", "name": "Ada King"}
    strangers = [
        ({}, 401),
        (signed_in("hosep", organisation="UKHSA"), 404),
        (signed_in("member", member_id=NOBODY), 404),
        (signed_in("operator"), 404),
    ]

    for headers, status in strangers:
        answer = await client.post(f"{MEMBERS}/{member_id}/{change}", json=form, headers=headers)
        assert answer.status_code == status

    assert [name for name, _ in await said(member_id)] == ["MemberJoined"]
    answer = await client.post(f"{MEMBERS}/{member_id}/{change}", json=form, headers=signed_in("team"))
    assert answer.status_code == 200


async def test_what_would_change_nothing_is_refused_and_said_to_nobody(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    email = f"{uuid4().hex}@ukhsa.example"
    member_id, own = await joined(client, email=email), signed_in("team")

    same_grade = await client.post(f"{MEMBERS}/{member_id}/grade-changes", json={"grade": "heo"}, headers=own)
    same_place = await client.post(
        f"{MEMBERS}/{member_id}/transfers", json={"organisation": "UKHSA", "grade": "G7"}, headers=own
    )
    same_contact = await client.post(f"{MEMBERS}/{member_id}/contact-changes", json={"email": email}, headers=own)

    assert problem(same_grade) == (409, "/problems/same-grade")
    assert problem(same_place) == (409, "/problems/same-organisation")
    assert problem(same_contact) == (409, "/problems/same-contact")
    assert [name for name, _ in await said(member_id)] == ["MemberJoined"]


async def test_an_address_can_be_changed_to_one_that_is_free(client: AsyncClient, signed_in: SignIn) -> None:
    taken, free = f"{uuid4().hex}@ukhsa.example", f"{uuid4().hex}@ukhsa.example"
    await joined(client, email=taken)
    member_id = await joined(client)
    own = signed_in("member", member_id=member_id)

    refused = await client.post(f"{MEMBERS}/{member_id}/contact-changes", json={"email": taken.upper()}, headers=own)
    changed = await client.post(f"{MEMBERS}/{member_id}/contact-changes", json={"email": free}, headers=own)

    assert problem(refused) == (409, "/problems/address-in-use")
    assert (changed.status_code, changed.json()["email"], changed.json()["name"]) == (200, free, "Ada Byron")


async def test_who_leaves_takes_name_and_address_along_may_not_move_any_more_and_may_join_anew(
    client: AsyncClient, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@ukhsa.example"
    member_id, team = await joined(client, email=email), signed_in("team")
    before = (await client.get("/api/members/v1/counts")).json()["members"]

    left = await client.post(f"{MEMBERS}/{member_id}/departures", headers=team)
    again = await client.post(f"{MEMBERS}/{member_id}/departures", headers=team)
    moved = await client.post(f"{MEMBERS}/{member_id}/grade-changes", json={"grade": "G7"}, headers=team)

    assert left.status_code == 200
    assert {field: left.json()[field] for field in ("name", "email", "interests", "skills", "organisation")} == {
        "name": None,
        "email": None,
        "interests": [],
        "skills": [],
        "organisation": "UKHSA",
    }
    assert problem(again) == problem(moved) == (409, "/problems/has-left")
    assert (await client.get("/api/members/v1/counts")).json()["members"] == before - 1
    assert await joined(client, email=email) != member_id


async def test_the_days_of_joining_and_leaving_are_those_in_london(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    with at(running.state.running.database, datetime(2027, 6, 30, 23, 30, tzinfo=UTC)):  # half past midnight there
        member_id = await joined(client)
        own = signed_in("member", member_id=member_id)
        left = await client.post(f"{MEMBERS}/{member_id}/departures", headers=own)

    assert (left.json()["joined_on"], left.json()["left_on"]) == ("2027-07-01", "2027-07-01")
