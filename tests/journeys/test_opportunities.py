"""A focus group from its opening to the last letter: who is chosen hears, who is not does too."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from house import House
from people import planted
from visitor import Visitor

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
CHOSEN, NOT_CHOSEN = "You have a place", "You do not have a place this time"


async def _ask(house: House, path: str, form: Any, headers: dict[str, str]) -> dict[str, Any]:
    answer = await house.http.post(MEMBERS + path, json=form, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_lot_gives_the_places_of_a_focus_group_and_everybody_who_applied_hears_of_it(house: House) -> None:
    people = planted(3)
    ids = [await house.join(person) for person in people]
    address_of = {str(member_id): person.email for member_id, person in zip(ids, people, strict=True)}
    await house.level()
    team = await house.signed_in("team")
    form = {
        "kind": "focus-group",
        "title": "How we recruit",
        "summary": "Two hours on how we find people.",
        "closes_at": (datetime.now(UTC) + timedelta(seconds=10)).isoformat(),
        "capacity": 1,
    }
    opened = await _ask(house, "/opportunities", form, team)
    here = f"/opportunities/{opened['opportunity_id']}"
    page = f"/members{here}"
    for member_id in ids:
        applied = await Visitor(house, member_id).send(page, {})
        assert applied.headers.get("location") == f"{page}?done=applied", applied.text

    async def letters(subject: str) -> list[str]:
        mails = await house.mails()
        return sorted(its["to"] for its in mails if its["subject"] == subject and its["to"] in address_of.values())

    async def winner() -> Any:
        shown = [(await house.http.get(MEMBERS + here, headers=house.member(its))).json()["mine"] for its in ids]
        found = [its for its, mine in zip(ids, shown, strict=True) if mine["state"] == "chosen"]
        return found[0] if found else None

    first: UUID = await eventually(winner, timeout=30)
    others = sorted(address for member_id, address in address_of.items() if member_id != str(first))
    assert await eventually(lambda: letters(CHOSEN), timeout=30) == [address_of[str(first)]]

    async def both() -> list[str] | None:
        found = await letters(NOT_CHOSEN)
        return found if len(found) > 1 else None

    assert await eventually(both, timeout=30) == others
    gave_up = await Visitor(house, first).send(f"{page}/withdrawal", {})
    assert gave_up.status_code == 303, gave_up.text
    second: UUID = await eventually(winner, timeout=30)

    async def two() -> list[str] | None:
        found = await letters(CHOSEN)
        return found if len(found) > 1 else None

    assert await eventually(two, timeout=30) == sorted([address_of[str(first)], address_of[str(second)]])
    await house.level()
    assert await letters(NOT_CHOSEN) == others
    draw = (await house.get(f"{MEMBERS}{here}/draw")).raise_for_status().json()
    assert sha256(draw["seed"].encode()).hexdigest() == opened["seed_digest"]
    records = await read_all(house.kafka, f"{house.prefix}gse.members.public")
    ours = [its for its in records if its.key == opened["opportunity_id"].encode()]
    names = [(its.header("ce_type") or "").split(".")[-2] for its in ours]
    assert names == ["OpportunityOpened", "OpportunityClosed"]  # and nobody's id
    assert not any(member_id in str(its.json()) for its in ours for member_id in address_of)
