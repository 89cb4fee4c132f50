"""A scheme opens, two members enrol, a run pairs them, both are introduced, and a leaving ends the pair."""

from typing import Any
from uuid import UUID

from house import House
from people import Person

from gse_platform.personas import PERSONAS
from testkit.eventually import eventually
from testkit.records import read_all

MENTORING = "/api/mentoring/v1"
SCHEME = {
    "title": "GSE Connect",
    "summary": "Members help each other to reach their potential.",
    "link": "https://gse.example/connect",
}


async def _join(house: House, key: str) -> UUID:
    """A persona becomes a member; from then on their token says so."""
    persona = next(its for its in PERSONAS if its.key == key)
    return await house.join(Person(persona.name, persona.email), organisation=persona.organisation, grade=persona.grade)


async def _mails_to(house: House, key: str) -> list[str]:
    address = next(its.email for its in PERSONAS if its.key == key)
    return [mail["subject"] for mail in await house.mails() if mail["to"] == address]


async def _said(house: House, stream: str) -> list[tuple[str, dict[str, Any]]]:
    records = await read_all(house.kafka, f"{house.prefix}{stream}")
    return [((its.header("ce_type") or "").split(".")[-2], its.json()) for its in records]


async def test_two_members_are_paired_and_introduced_until_one_leaves(house: House) -> None:
    member, volunteer = await _join(house, "member"), await _join(house, "volunteer")
    await house.level()
    opened = await house.post(f"{MENTORING}/schemes", SCHEME, persona="scheme-lead")
    assert opened.status_code == 201, opened.text
    scheme = f"{MENTORING}/schemes/{opened.json()['scheme_id']}"
    for key in ("member", "volunteer"):
        enrolled = await house.post(f"{scheme}/enrolments", {"attestation": True, "offers": ["maps"]}, persona=key)
        assert enrolled.status_code == 201, enrolled.text

    run = await house.post(f"{scheme}/match-runs", persona="scheme-lead")
    [pair] = run.json()["pairs"]
    assert {pair["first"], pair["second"]} == {str(member), str(volunteer)}
    for _ in range(2):
        published = await house.post(f"{MENTORING}/match-runs/{run.json()['run_id']}/publish", persona="scheme-lead")
        assert published.status_code == 200, published.text
    await house.level()

    async def both_introduced() -> bool:
        subjects = [await _mails_to(house, key) for key in ("member", "volunteer")]
        return all("Meet the member you have been paired with" in its for its in subjects)

    await eventually(both_introduced, timeout=30)
    for key in ("member", "volunteer"):
        assert (await _mails_to(house, key)).count("Meet the member you have been paired with") == 1
    public = await _said(house, "gse.mentoring.public")
    assert {name for name, _ in public} == {"MentoringSchemeOpened", "MatchRunCompleted"}
    assert str(member) not in str(public)

    left = await house.post(f"/api/members/v1/members/{volunteer}/departures", persona="team")
    assert left.status_code == 200
    await house.level()
    told = await _said(house, "gse.mentoring")
    internal = [(name, body) for name, body in told if body.get("pair_id") == pair["pair_id"]]
    assert [name for name, _ in internal] == ["MentoringPairCreated", "MentoringPairEnded"]
    assert internal[0][1] == internal[1][1]
