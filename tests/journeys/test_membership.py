"""A membership from its first day to a second one, an import and its report, who finds whom, and one person twice."""

import base64
import csv
import io
import json
import secrets
from typing import Any
from uuid import UUID

import httpx2
from house import House
from people import Person, as_file, planted
from visitor import Visitor, a_colleague, words

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
IMPORTS = "/members/imports"


async def _ask(house: House, path: str, form: Any, headers: dict[str, str]) -> dict[str, Any]:
    answer = await house.http.post(MEMBERS + path, json=form, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _said(house: House, stream: str, member_id: UUID) -> list[tuple[str, Any]]:
    records = await read_all(house.kafka, f"{house.prefix}{stream}")
    return [
        ((its.header("ce_type") or "").split(".")[-2], its.json())
        for its in records
        if its.key == str(member_id).encode()
    ]


async def _profile(house: House, member_id: UUID) -> tuple[str, str]:
    """Where mentoring thinks that they are, and in which grade."""
    answer = await house.get(f"/api/mentoring/v1/members/{member_id}/profile", persona="team")
    its = answer.raise_for_status().json()
    return its["organisation"], its["grade"]


async def test_a_member_chooses_topics_moves_across_ladders_leaves_and_comes_back_as_somebody_new(
    house: House,
) -> None:
    [person] = planted(1)
    member_id = await house.join(person, organisation="HMRC", grade="Officer")
    them, browser, here = house.member(member_id), Visitor(house, member_id), f"/members/{member_id}"
    await house.level()
    assert await _profile(house, member_id) == ("HMRC", "EO")

    chosen = await browser.send(
        "/members/profile/topics", {"interests": "CLIMATE", "own_interests": "knots", "skills": "STATISTICS"}
    )
    assert chosen.status_code == 303, chosen.text
    profile = await browser.read("/members/profile")
    assert "Climate and weather" in profile
    assert "knots" in profile
    await _ask(house, f"{here}/grade-changes", {"grade": "Senior Officer"}, them)
    moved = await _ask(house, f"{here}/transfers", {"organisation": "FCDO", "grade": "A2"}, them)
    unknown = await house.http.post(f"{MEMBERS}{here}/grade-changes", json={"grade": "Senior Officer"}, headers=them)
    await house.level()
    assert (moved["organisation"], moved["grade"]) == ("FCDO", "G7")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "grade")  # a word of HMRC's ladder
    assert await _profile(house, member_id) == ("FCDO", "G7")

    assert (await browser.send("/members/profile/leave", {})).status_code == 303
    left = (await house.get(f"{MEMBERS}{here}", persona="team")).json()
    assert (left["name"], left["email"], left["left_on"] is None) == (None, None, False)
    back = await house.join(person, organisation="UKHSA", grade="G6")
    await house.level()

    assert back != member_id
    assert await _profile(house, back) == ("UKHSA", "G6")
    said = await _said(house, "gse.members", member_id)
    assert [(name, its.get("organisation"), its.get("grade")) for name, its in said] == [
        ("MemberJoined", "HMRC", "EO"),
        ("MemberProfileUpdated", None, None),
        ("MemberGradeChanged", "HMRC", "SEO"),
        ("MemberTransferred", "FCDO", "G7"),
        ("MemberLeft", "FCDO", None),
    ]
    topics = {
        "member_id": str(member_id),
        "interests": ["CLIMATE"],
        "skills": ["STATISTICS"],
    }  # and no word of their own
    assert said[1][1] == topics
    assert [name for name, _ in await _said(house, "gse.members", back)] == ["MemberJoined"]
    old, new = [await _said(house, "gse.members.contacts", its) for its in (member_id, back)]
    assert [its is None for _, its in old] == [False, True]
    assert [its["email"] for _, its in new] == [person.email]


async def _sent_by_page(house: House, browser: Visitor, file: bytes) -> str:
    """A file through the page: the address of its import."""
    page = (await browser.look(IMPORTS)).raise_for_status().text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = await house.http.post(
        IMPORTS, data={"csrf_token": token}, files={"file": ("members.csv", file, "text/csv")}, headers=browser.headers
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _report(browser: Visitor, address: str) -> list[dict[str, str]]:
    """Once it is done, as the file to download."""

    async def is_done() -> bool:
        return "The file is done" in await browser.read(address)

    await eventually(is_done, timeout=30)
    file = (await browser.look(f"{address}/report.csv")).raise_for_status().text
    return list(csv.DictReader(io.StringIO(file.removeprefix("\ufeff"))))


async def test_a_file_through_the_page_has_a_report_to_download_and_the_same_file_again_changes_nothing(
    house: House,
) -> None:
    people = planted(3)
    rows = as_file(people, organisation="Defra").splitlines()
    rows[2] = rows[2].replace(b"HEO", b"G99")
    file = b"\n".join(rows)
    team, head = a_colleague(house), Visitor(house, UUID(int=1), "hosep", organisation="DEFRA")
    before = await house.members()

    first = await _sent_by_page(house, team, file)
    report = await _report(team, first)
    await house.level()
    heard = await read_all(house.kafka, f"{house.prefix}gse.members")
    again = await _report(team, await _sent_by_page(house, team, file))
    await house.level()

    assert [(its["line"], its["outcome"]) for its in report] == [("2", "joined"), ("3", "refused"), ("4", "joined")]
    assert report[1]["to_mend"].startswith("grade: This grade is not known there.")
    assert [its["outcome"] for its in again] == ["already-a-member", "refused", "already-a-member"]
    assert [its["member_id"] for its in again] == [its["member_id"] for its in report]
    assert await read_all(house.kafka, f"{house.prefix}gse.members") == heard
    assert await house.members() == {service: count + 2 for service, count in before.items()}
    shown = repr((report, again))
    assert not any(text in shown for its in people for text in (its.name, its.email))

    # A head of profession sends a file of their own organisation, and sees nothing of the team's.
    assert (await head.look(first)).status_code == 404
    own = as_file(planted(1), organisation="Defra").splitlines()
    theirs = [*own, *as_file(planted(1), organisation="UKHSA").splitlines()[1:]]
    report = await _report(head, await _sent_by_page(house, head, b"\n".join(theirs)))
    assert [its["outcome"] for its in report] == ["joined", "refused"]
    assert report[1]["to_mend"] == "organisation: You can import members of your own organisation only"


async def test_the_team_finds_people_everywhere_and_a_head_of_profession_in_their_own_organisation(
    house: House,
) -> None:
    mark = f"Mark{secrets.token_hex(6)}"
    people = [Person(f"{name} {mark}", f"{secrets.token_hex(8)}@gse.example") for name in ("Ada", "Bea", "Cleo")]
    places = ("UKHSA", "Defra", "Defra")
    ids = [await house.join(its, organisation=place) for its, place in zip(people, places, strict=True)]
    await _ask(house, f"/members/{ids[2]}/departures", None, house.member(ids[2]))

    async def found(persona: str, **form: str) -> tuple[int, list[str]]:
        answer = await house.post(f"{MEMBERS}/member-searches", {"text": mark, **form}, persona=persona)
        return answer.status_code, [its["name"] for its in answer.json().get("people", [])]

    ada, bea = people[0].name, people[1].name
    assert await found("team") == (200, [ada, bea])
    assert await found("team", organisation="UKHSA") == (200, [ada])
    assert await found("hosep") == (200, [bea])  # of Defra
    assert await found("hosep", organisation="UKHSA") == (404, [])
    assert await found("member") == (403, [])
    head = Visitor(house, UUID(int=1), "hosep", organisation="DEFRA")
    page = words((await head.send("/members/people", {"text": mark, "state": "present"})).raise_for_status().text)
    assert (bea in page, ada in page) == (True, False)


async def _is(house: House, subject: str) -> str | None:
    """The member that the token of this subject speaks for."""
    payload = (await house.token(subject)).split(".")[1]
    found: str | None = json.loads(base64.urlsafe_b64decode(payload + "==")).get("member_id")
    return found


async def test_one_person_who_is_a_member_twice_becomes_one_and_every_service_follows(house: House) -> None:
    [person] = planted(1)
    at_work = Person(person.name, f"other.{person.email}")
    stays = UUID((await house.send_import(as_file([person], grade="SEO"))).json()["report"][0]["member_id"])
    ends = await house.join(at_work)
    subject = secrets.token_hex(8)
    async with httpx2.AsyncClient(trust_env=False) as provider:
        about = {"email": at_work.email, "email_verified": True}
        (await provider.put(f"{house.platform.issuer}/users/{subject}", json=about)).raise_for_status()
    assert await _is(house, subject) == str(ends)
    await house.level()
    before, team = await house.members(), a_colleague(house)

    pairs = (await house.get(f"{MEMBERS}/duplicates", persona="team")).raise_for_status().json()["pairs"]
    both = [[its["first"]["member_id"], its["second"]["member_id"]] for its in pairs]
    [(first, second)] = [its for its in both if str(ends) in its]
    assert {first, second} == {str(stays), str(ends)}
    address = f"/members/people/duplicates/{first}/{second}"
    assert "Are they one person?" in await team.read(address)
    decided = await team.send(address, {"stays": "first" if first == str(stays) else "second"})
    assert decided.status_code == 303
    await house.level()

    assert await house.members() == {service: count - 1 for service, count in before.items()}
    assert [name for name, _ in await _said(house, "gse.members.public", ends)] == ["MemberJoined", "MemberLeft"]
    assert [name for name, _ in await _said(house, "gse.members.public", stays)] == ["MemberJoined"]
    assert (await _said(house, "gse.members.contacts", ends))[-1][1] is None
    assert await _is(house, subject) == str(stays)
    assert (await team.look(address)).status_code == 404
    assert str(ends) not in (await house.get(f"{MEMBERS}/duplicates", persona="team")).text
