"""Members choose what reaches them by mail: on the site, and by what a mail program does by itself (RFC 8058)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from house import House
from people import Person, planted

from testkit.eventually import eventually
from testkit.records import read_all

API = "/api/notifications/v1/members"
INVITATION = "You are invited to an event of the profession"
NEW_ROLE = "You have a new role in the profession"


async def _publish(house: House, volunteer: UUID, team: UUID, title: str) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=9)
    form = {
        "title": title,
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "capacity": 50,
    }
    proposed = await house.http.post("/api/events/v1/events", json=form, headers=house.member(volunteer, "volunteer"))
    its = proposed.raise_for_status().json()["hosted_event_id"]
    for step in ("sign-off", "publish"):
        answer = await house.http.post(f"/api/events/v1/events/{its}/{step}", headers=house.member(team, "team"))
        answer.raise_for_status()


async def _mailed(house: House, person: Person, subject: str) -> list[int]:
    """The numbers of the mails with this subject to somebody, in the order in which they came."""
    return [its["number"] for its in await house.mails() if (its["to"], its["subject"]) == (person.email, subject)]


async def _invited(house: House, member_id: UUID) -> list[tuple[str, str]]:
    """State and channel of the invitations in a member's own inbox, newest first."""
    answer = (await house.http.get(f"{API}/{member_id}/inbox", headers=house.member(member_id))).raise_for_status()
    return [(its["state"], its["channel"]) for its in answer.json()["notices"] if its["title"] == INVITATION]


async def _headers_of(house: House, number: int) -> dict[str, str]:
    """Of one mail, as the sink shows it."""
    async with httpx2.AsyncClient(base_url=house.platform.mail, trust_env=False) as sink:
        shown = (await sink.get(f"/messages/{number}")).raise_for_status().text
    return {name: unescape(value) for name, value in re.findall("<dt>(.+?)</dt><dd>(.*?)</dd>", shown, re.DOTALL)}


async def _said_of(house: House, member_id: UUID) -> list[tuple[bytes | None, Any]]:
    """Key and value of each record that says that this member chose anew."""
    records = await read_all(house.kafka, f"{house.prefix}gse.notifications")
    kind = "uk.gov.gse.notifications.MemberPreferencesChanged.v1"
    of_the_kind = [its for its in records if its.header("ce_type") == kind]
    return [(its.key, its.json()) for its in of_the_kind if its.json()["member_id"] == str(member_id)]


async def test_who_wants_no_mail_about_events_reads_of_them_in_the_inbox_alone(house: House) -> None:
    chooser, mailed = planted(2)
    chooser_id, mailed_id = await house.join(chooser), await house.join(mailed)
    await house.level()
    own = house.member(chooser_id)
    before = (await house.http.get(f"{API}/{chooser_id}/preferences", headers=own)).raise_for_status()
    wanted = before.json() | {"events": {"email": "never", "inbox": True}}

    for _ in range(2):  # the same again says nothing
        saved = await house.http.put(f"{API}/{chooser_id}/preferences", json=wanted, headers=own)
        assert (saved.status_code, saved.json()) == (200, wanted)
    await _publish(house, chooser_id, mailed_id, "Women and girls in science")

    async def are_told() -> bool:
        told = [await _invited(house, its) for its in (chooser_id, mailed_id)]
        return told == [[("sent", "inbox")], [("sent", "email")]]

    await eventually(are_told, timeout=30)
    await house.level()
    assert await _mailed(house, chooser, INVITATION) == []
    assert len(await _mailed(house, mailed, INVITATION)) == 1
    key = str(chooser_id).encode()
    assert await _said_of(house, chooser_id) == [(key, {"member_id": str(chooser_id)})]
    assert await _said_of(house, mailed_id) == []


async def test_a_mail_program_ends_invitations_and_what_is_critical_still_comes(house: House) -> None:
    person, mailed = planted(2)
    member_id, mailed_id = await house.join(person), await house.join(mailed)
    await house.level()
    await _publish(house, member_id, mailed_id, "A talk about rivers")
    [invitation] = await eventually(lambda: _mailed(house, person, INVITATION), timeout=30)
    headers = await _headers_of(house, invitation)
    address = headers["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    name, _, value = headers["List-Unsubscribe-Post"].partition("=")

    assert (name, value) == ("List-Unsubscribe", "One-Click")
    assert address.startswith(house.platform.front_door)
    path = urlsplit(address).path
    looked = await house.http.get(path)
    assert (looked.status_code, await _said_of(house, member_id)) == (200, [])
    ended = await house.http.post(path, data={name: value})
    assert ended.status_code == 200
    assert "We have stopped emails about events" in ended.text

    await _publish(house, member_id, mailed_id, "A talk about lakes")
    role = {"role": "volunteer"}
    granted = await house.post(f"/api/members/v1/members/{member_id}/role-grants", role, persona="team")
    assert granted.status_code == 200

    async def are_told() -> bool:
        told = [await _invited(house, its) for its in (member_id, mailed_id)]
        return told == [[("sent", "inbox"), ("sent", "email")], [("sent", "email"), ("sent", "email")]]

    await eventually(are_told, timeout=30)
    [critical] = await eventually(lambda: _mailed(house, person, NEW_ROLE), timeout=30)
    await house.level()
    assert await _mailed(house, person, INVITATION) == [invitation]
    assert len(await _mailed(house, mailed, INVITATION)) == 2
    assert "List-Unsubscribe" not in await _headers_of(house, critical)
    assert await _said_of(house, member_id) == [(str(member_id).encode(), {"member_id": str(member_id)})]
