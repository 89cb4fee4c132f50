"""A hosted event from its proposal to the thanks: who is written to, by real SMTP, and each at most once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from house import House
from people import Person, planted

from testkit.eventually import eventually
from testkit.records import read_all

EVENTS = "/api/events/v1/events"
INVITATION = "You are invited to an event of the profession"
CONFIRMATION = "You have a place at an event of the profession"
THANKS = "Thank you for coming to an event of the profession"


async def _ask(house: House, path: str, form: Any, headers: dict[str, str]) -> dict[str, Any]:
    answer = await house.http.post(EVENTS + path, json=form, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _told(house: House, person: Person) -> list[str]:
    """The subjects about events that somebody was sent, in the order in which they came."""
    about_events = {INVITATION, CONFIRMATION, THANKS}
    mails = [its["subject"] for its in await house.mails() if its["to"] == person.email]
    return [its for its in mails if its in about_events]


async def _page(house: House, path: str, headers: dict[str, str]) -> str:
    answer = await house.http.get(path, headers={**headers, "Accept": "text/html"})
    return answer.raise_for_status().text


async def test_an_event_is_proposed_signed_off_published_and_hosted_and_each_is_written_to_once(house: House) -> None:
    guest, another, host = planted(3)
    guest_id, another_id, host_id = [await house.join(person) for person in (guest, another, host)]
    as_guest, as_host, as_team = (
        house.member(guest_id),
        house.member(host_id, "volunteer"),
        house.member(another_id, "team"),
    )
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

    event_id = (await _ask(house, "", form, as_host))["hosted_event_id"]
    await _ask(house, f"/{event_id}/sign-off", None, as_team)
    await _ask(house, f"/{event_id}/keynotes", {"speaker": "Ada King"}, as_team)
    await _ask(house, f"/{event_id}/publish", None, as_team)
    await eventually(lambda: _have_been_told(house, {guest: [INVITATION], another: [INVITATION]}), timeout=30)
    assert f'href="/events/{event_id}"' in await _page(house, "/my", as_guest)

    await _ask(house, f"/{event_id}/registrations", None, as_guest)
    await eventually(lambda: _have_been_told(house, {guest: [INVITATION, CONFIRMATION]}), timeout=30)
    await _ask(house, f"/{event_id}/host", None, as_team)
    told = [INVITATION, CONFIRMATION, THANKS]
    await eventually(lambda: _have_been_told(house, {guest: told}), timeout=30)
    await house.level()

    assert await _have_been_told(house, {guest: told, another: [INVITATION]})
    inbox = await _page(house, "/notifications/inbox", as_guest)
    assert [inbox.count(subject) for subject in told] == [1, 1, 1]
    public = await read_all(house.kafka, f"{house.prefix}gse.events.public")
    of_this_event = [its for its in public if its.key == event_id.encode()]
    assert [(its.header("ce_type") or "").split(".")[-2] for its in of_this_event] == [
        "EventProposed",
        "EventSignedOff",
        "KeynoteConfirmed",
        "EventPublished",
        "EventHosted",
    ]
    assert not any(str(guest_id).encode() in (its.value or b"") for its in public)


async def _have_been_told(house: House, wanted: dict[Person, list[str]]) -> bool:
    return {person: await _told(house, person) for person in wanted} == wanted
