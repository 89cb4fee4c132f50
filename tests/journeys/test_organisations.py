"""An organisation merges into another: its members move once each, and mentoring, events and their mail follow."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from house import House
from people import as_file, planted
from visitor import Visitor, a_colleague

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"


ORGANISATIONS = "/members/organisations"


def _typed(field: str, its: date) -> dict[str, str]:
    return {f"{field}-day": str(its.day), f"{field}-month": str(its.month), f"{field}-year": str(its.year)}


async def _registered(team: Visitor) -> str:
    code = f"X{uuid4().hex[:10].upper()}"
    form = {"code": code, "name": f"Office {code}", **_typed("opened_on", date(2020, 1, 1))}
    sent = await team.send(f"{ORGANISATIONS}/new", form)
    assert sent.headers.get("location") == f"{ORGANISATIONS}?done=registered", sent.text
    return code


async def _known(house: House, member_id: UUID) -> tuple[str, str]:
    """Where mentoring and events think that somebody works."""
    profile = await house.get(f"/api/mentoring/v1/members/{member_id}/profile", persona="team")
    invitee = await house.get(f"/api/events/v1/members/{member_id}/invitee", persona="team")
    return profile.raise_for_status().json()["organisation"], invitee.raise_for_status().json()["organisation"]


async def _names(house: House, stream: str, keys: set[str]) -> list[tuple[str, str]]:
    records = await read_all(house.kafka, f"{house.prefix}{stream}")
    mine = [its for its in records if its.key is not None and its.key.decode() in keys]
    return [((its.key or b"").decode(), (its.header("ce_type") or "").split(".")[-2]) for its in mine]


async def test_a_merger_moves_each_member_once_and_every_service_follows(house: House) -> None:
    team = a_colleague(house)
    old, new = await _registered(team), await _registered(team)
    [by_themselves, *imported] = planted(4)
    alone = await house.join(by_themselves, organisation=old)
    report = (await house.send_import(as_file(imported, organisation=old))).json()["report"]
    members = {str(alone), *(row["member_id"] for row in report)}
    await house.level()
    assert await _known(house, alone) == (old, old)

    today = (datetime.now(UTC) - timedelta(days=1)).date()
    sent = await team.send(f"{ORGANISATIONS}/{old}/merger", {"into": new, **_typed("on", today)})
    assert sent.headers.get("location") == f"{ORGANISATIONS}?done=merged", sent.text

    async def moved() -> bool:
        return await _known(house, alone) == (new, new)

    await eventually(moved, timeout=30)
    await house.level()
    assert [await _known(house, UUID(member_id)) for member_id in members] == [(new, new)] * 4
    for stream in ("gse.members", "gse.members.public"):
        said = [its for its in await _names(house, stream, members) if its[1] == "MemberTransferred"]
        assert sorted(said) == sorted((member_id, "MemberTransferred") for member_id in members)
    refused = await house.post(f"{MEMBERS}/members", planted(1)[0].form(organisation=old))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/organisation-closed")
    told = [
        its for its in await read_all(house.kafka, f"{house.prefix}gse.members.public") if its.json().get("code") == old
    ]
    assert [(its.header("ce_type") or "").split(".")[-2] for its in told] == [
        "OrganisationRegistered",
        "OrganisationMerged",
    ]
    assert told[1].json()["successors"] == [new]
