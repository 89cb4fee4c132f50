"""A hosted event from its proposal to the thanks: who is written to, by real SMTP, and each at most once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from house import House
from people import Person

from gse_platform.personas import PERSONAS
from testkit.eventually import eventually
from testkit.records import read_all

EVENTS = "/api/events/v1"
INVITATION = "You are invited to an event of the profession"
CONFIRMATION = "You have a place at an event of the profession"
THANKS = "Thank you for coming to an event of the profession"
ADDRESSES = {its.key: its.email for its in PERSONAS}


async def _join(house: House, key: str) -> UUID:
    """A persona becomes a member; from then on their token says so."""
    persona = next(its for its in PERSONAS if its.key == key)
    return await house.join(Person(persona.name, persona.email), organisation=persona.organisation, grade=persona.grade)


async def _post(house: House, path: str, form: Any = None, *, persona: str) -> dict[str, Any]:
    answer = await house.post(f"{EVENTS}/events{path}", form, persona=persona)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _mails(house: House, key: str) -> list[str]:
    """The subjects about events that this persona was sent, in the order in which they came."""
    return [
        mail["subject"]
        for mail in await house.mails()
        if mail["to"] == ADDRESSES[key] and mail["subject"] in {INVITATION, CONFIRMATION, THANKS}
    ]


async def _have_mails(house: House, **wanted: list[str]) -> bool:
    return {key: await _mails(house, key.replace("_", "-")) for key in wanted} == wanted


async def _page(house: House, path: str, *, persona: str) -> str:
    headers = await house.signed_in(persona)
    answer = await house.http.get(path, headers={**headers, "Accept": "text/html"})
    return answer.raise_for_status().text


async def test_an_event_is_proposed_signed_off_published_and_hosted_and_each_is_written_to_once(house: House) -> None:
    member, lead = await _join(house, "recruiting-manager"), await _join(house, "hosep")
    await house.level()
    now = datetime.now(UTC)
    form = {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "capacity": 50,
    }

    event_id = (await _post(house, "", form, persona="volunteer"))["hosted_event_id"]
    await _post(house, f"/{event_id}/sign-off", persona="team")
    await _post(house, f"/{event_id}/keynotes", {"speaker": "Ada King"}, persona="volunteer")
    await _post(house, f"/{event_id}/publish", persona="volunteer")
    await eventually(lambda: _have_mails(house, recruiting_manager=[INVITATION], hosep=[INVITATION]), timeout=30)
    assert f"/events/{event_id}" in await _page(house, "/my", persona="recruiting-manager")

    await _post(house, f"/{event_id}/registrations", persona="recruiting-manager")
    await eventually(lambda: _have_mails(house, recruiting_manager=[INVITATION, CONFIRMATION]), timeout=30)

    await _post(house, f"/{event_id}/host", persona="volunteer")
    told = [INVITATION, CONFIRMATION, THANKS]
    await eventually(lambda: _have_mails(house, recruiting_manager=told), timeout=30)
    await house.level()

    assert await _have_mails(house, recruiting_manager=told, hosep=[INVITATION])
    inbox = await _page(house, "/notifications/inbox", persona="recruiting-manager")
    assert [inbox.count(subject) for subject in told] == [1, 1, 1]
    public = [
        its for its in await read_all(house.kafka, f"{house.prefix}gse.events.public") if its.key == event_id.encode()
    ]
    assert [(its.header("ce_type") or "").split(".")[-2] for its in public] == [
        "EventProposed",
        "EventSignedOff",
        "KeynoteConfirmed",
        "EventPublished",
        "EventHosted",
    ]
    assert not any(str(its).encode() in (record.value or b"") for record in public for its in (member, lead))
