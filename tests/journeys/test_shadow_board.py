"""A seat of the Shadow Board through its pages: opened, applied for, given, heard from, and free again on its day."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from house import House
from people import planted
from visitor import Visitor, a_colleague

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
LONDON = ZoneInfo("Europe/London")
HERE = "/members/opportunities"
BOARD = f"{HERE}/shadow-board"
APPOINTED = "You have a seat on the Shadow Board"


def boxes(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


async def _seat(house: House, title: str) -> dict[str, Any]:
    seats = (await house.get(f"{MEMBERS}/shadow-board/seats")).raise_for_status().json()["seats"]
    [its] = [each for each in seats if each["title"] == title]
    found: dict[str, Any] = its
    return found


async def _number(house: House, opportunity_id: str, member_id: UUID) -> str:
    path = f"{MEMBERS}/opportunities/{opportunity_id}"
    found: str = (await house.http.get(path, headers=house.member(member_id))).json()["mine"]["number"]
    return found


async def _has_closed(house: House, opportunity_id: str) -> bool:
    records = await read_all(house.kafka, f"{house.prefix}gse.members.public")
    ours = [its for its in records if its.key == opportunity_id.encode()]
    return [(its.header("ce_type") or "").split(".")[-2] for its in ours] == ["OpportunityOpened", "OpportunityClosed"]


async def _said(house: House, stream: str, subject: str) -> list[tuple[str, dict[str, Any]]]:
    records = await read_all(house.kafka, f"{house.prefix}{stream}")
    return [
        ((its.header("ce_type") or "").split(".")[-2], its.json()) for its in records if its.key == subject.encode()
    ]


async def _opens(team: Visitor, title: str, closes_on: date) -> str:
    """A seat, and beside it what members apply for: the id of that."""
    assert (await team.send(f"{BOARD}/seats/new", {"title": title})).status_code == 303
    call = {
        "kind": "shadow-board",
        "title": f"Seats {title}",
        "summary": "Advise the board of the profession.",
        "eligibility": "below-scs",
        "capacity": "2",
        **boxes("closes_at", closes_on),
        "closes_time": "09:00",
    }
    opened = await team.send(f"{HERE}/new", call)
    assert opened.status_code == 303, opened.text
    return opened.headers["location"].removeprefix(f"{HERE}/").partition("?")[0]


async def _two_apply(house: House, opportunity_id: str, ada: UUID, ben: UUID, senior: UUID) -> list[str]:
    """By the page and by a program, and the rule has no place for a senior civil servant: the numbers of the two."""
    as_ada, interests = Visitor(house, ada), f"{MEMBERS}/opportunities/{opportunity_id}/interests"
    applied = await as_ada.send(f"{HERE}/{opportunity_id}", {"statement": "I am new, and see what you do not."})
    also = await house.http.post(interests, json={}, headers=house.member(ben))
    refused = await house.http.post(interests, json={}, headers=house.member(senior))
    assert (applied.status_code, also.status_code, refused.status_code) == (303, 201, 409)
    assert refused.json()["type"] == "/problems/not-eligible"
    assert "You have applied" in await as_ada.read(f"{HERE}/{opportunity_id}")
    return [await _number(house, opportunity_id, its) for its in (ada, ben)]


async def _is_advised(house: House, holder: UUID, other: UUID, title: str) -> str:
    """Who has the seat advises, nobody else; the board answers, and everybody reads both. The advice's id."""
    as_holder, stranger, advice = Visitor(house, holder), Visitor(house), {"title": title, "advice": "Nobody finds us."}
    assert await _refusal_to_advise(house, other) == "/problems/not-on-the-board"
    assert "Give advice" in await as_holder.read(BOARD)
    page = (await as_holder.send(f"{BOARD}/advice/new", advice)).headers["location"].partition("?")[0]
    assert f"{title} Given on" in await stranger.read(BOARD)
    assert "Nobody finds us." in await stranger.read(page)
    assert (await a_colleague(house).send(page, {"answer": "We shall say it."})).status_code == 303
    assert "We shall say it." in await stranger.read(page)
    return str(page.rpartition("/")[2])


async def _refusal_to_advise(house: House, member_id: UUID) -> str:
    advice = {"title": "Mine", "advice": "Hear me."}
    answer = await house.http.post(f"{MEMBERS}/shadow-board/advice", json=advice, headers=house.member(member_id))
    found: str = answer.json()["type"]
    return found


async def test_a_seat_is_opened_applied_for_given_advises_and_is_free_again_on_its_day(moving_house: House) -> None:
    house = moving_house
    people = planted(3)
    ada, ben, senior = [
        await house.join(its, grade=grade) for its, grade in zip(people, ("EO", "SEO", "SCS1"), strict=True)
    ]
    await house.level()
    team, stranger = a_colleague(house), Visitor(house)
    title, today = f"Early career {uuid4().hex[:6]}", house.now().astimezone(LONDON).date()
    tomorrow, last_day = today + timedelta(days=1), today + timedelta(days=11)
    opportunity_id = await _opens(team, title, tomorrow)
    seat_id = (await _seat(house, title))["seat_id"]
    numbers = await _two_apply(house, opportunity_id, ada, ben, senior)

    # It closes at its instant; the team chooses both, and gives the seat to one of them.
    house.move_clock(datetime.combine(tomorrow, time(9), LONDON))
    await eventually(lambda: _has_closed(house, opportunity_id), timeout=30)
    choosing, appointing = f"{HERE}/{opportunity_id}/applicants", f"{BOARD}/seats/{seat_id}/appointment"
    assert "I am new, and see what you do not." in await team.read(choosing)
    assert (await team.send(choosing, {"numbers": numbers})).status_code == 303
    given = await team.send(appointing, {"number": numbers[0], **boxes("ends_on", last_day)})
    too_many = await team.send(appointing, {"number": numbers[1], **boxes("ends_on", last_day)})
    assert (given.status_code, too_many.status_code) == (303, 409)
    assert f"{title} Taken until {in_words(last_day)}." in await stranger.read(BOARD)
    assert f"{title} Taken until {in_words(last_day)} by {people[0].name}." in await team.read(BOARD)

    async def letters() -> list[str]:
        ours = {person.email for person in people}
        return [its["to"] for its in await house.mails() if its["subject"] == APPOINTED and its["to"] in ours]

    assert await eventually(letters, timeout=30) == [people[0].email]
    advice_id = await _is_advised(house, ada, ben, f"Say what the job is {title}")

    # The last day ends in London: a moment before it nothing, then once, though two replicas look.
    midnight = datetime.combine(last_day + timedelta(days=1), time(), LONDON)
    house.move_clock(midnight - timedelta(minutes=5))
    assert (await _seat(house, title))["ends_on"] == str(last_day)
    house.move_clock(midnight)

    async def is_free() -> bool:
        return (await _seat(house, title))["ends_on"] is None

    await eventually(is_free, timeout=30)
    assert f"{title} Free since {in_words(midnight.date())}." in await stranger.read(BOARD)
    assert await _refusal_to_advise(house, ada) == "/problems/not-on-the-board"
    next_last_day = last_day + timedelta(days=365)
    rotated = await team.send(appointing, {"number": numbers[1], **boxes("ends_on", next_last_day)})
    assert rotated.status_code == 303
    assert "Give advice" in await Visitor(house, ben).read(BOARD)

    await house.level()
    opened = {"seat_id": seat_id, "title": title}
    assert await _said(house, "gse.members.public", seat_id) == [
        ("ShadowBoardSeatOpened", {**opened, "opened_on": str(today)}),
        ("ShadowBoardTermEnded", {"seat_id": seat_id, "ended_on": str(last_day)}),
        ("ShadowBoardSeatOpened", {**opened, "opened_on": str(midnight.date())}),
    ]
    appointed = [body for name, body in await _said(house, "gse.members", seat_id) if name.endswith("Appointed")]
    assert [(its["member_id"], its["ends_on"]) for its in appointed] == [
        (str(ada), str(last_day)),
        (str(ben), str(next_last_day)),
    ]
    assert [name for name, _ in await _said(house, "gse.members.public", advice_id)] == [
        "ShadowBoardAdviceGiven",
        "ShadowBoardAdviceAnswered",
    ]
