"""Promotion, transfer and leaving as another department sees them: in order, and equal however it listens.

Its consumers are plain ones. They know the public stream, and that a number of a subject counts once.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer
from house import House
from people import Person, planted

from testkit.eventually import eventually

MEMBERS = "/api/members/v1/members"
BANDS = {"AO": "AA-AO", "HEO": "HEO-SEO", "SEO": "HEO-SEO", "G7": "G7-G6", "SCS1": "SCS"}
KILLED_AT = (8, 30)  # records heard, of some sixty
BEFORE_THE_CRASH = 30
Step = tuple[str, dict[str, str] | None]
State = tuple[str, str, bool]  # organisation, grade band, whether they are there


def promoted(grade: str) -> Step:
    return "grade-changes", {"grade": grade}


def moved(organisation: str, grade: str) -> Step:
    return "transfers", {"organisation": organisation, "grade": grade}


LEFT: Step = ("departures", None)


@dataclass(frozen=True)
class Life:
    """Where somebody joins, what becomes of them, and what everybody else must have seen in the end."""

    organisation: str
    grade: str
    steps: tuple[Step, ...]
    said: tuple[str, ...]
    state: State


LIVES = (
    Life("UKHSA", "HEO", (), ("MemberJoined",), ("UKHSA", "HEO-SEO", True)),
    Life(
        "UKHSA",
        "EO",
        (promoted("HEO"), promoted("SEO"), promoted("G7")),
        ("MemberJoined", "MemberGradeChanged", "MemberGradeChanged", "MemberGradeChanged"),
        ("UKHSA", "G7-G6", True),
    ),
    Life(
        "DSTL",
        "EO",
        (moved("HMRC", "Senior Officer"),),
        ("MemberJoined", "MemberTransferred"),
        ("HMRC", "HEO-SEO", True),
    ),
    Life(
        "HMRC",
        "Officer",
        (moved("FCDO", "A2"), promoted("A1"), moved("UKHSA", "SCS pay band 1")),
        ("MemberJoined", "MemberTransferred", "MemberGradeChanged", "MemberTransferred"),
        ("UKHSA", "SCS", True),
    ),
    Life(
        "UKHSA",
        "HEO",
        (moved("MOD", "SEO"), moved("UKHSA", "SEO"), promoted("HEO")),
        ("MemberJoined", "MemberTransferred", "MemberTransferred", "MemberGradeChanged"),
        ("UKHSA", "HEO-SEO", True),
    ),
    Life("DEFRA", "AO", (LEFT,), ("MemberJoined", "MemberLeft"), ("DEFRA", "AA-AO", False)),
    Life(
        "MOD",
        "SEO",
        (promoted("G7"), moved("DEFRA", "SCS1"), LEFT),
        ("MemberJoined", "MemberGradeChanged", "MemberTransferred", "MemberLeft"),
        ("DEFRA", "SCS", False),
    ),
)
# All at once, and none of them ever refused: no two lead to the same grade or organisation.
AT_ONCE = (promoted("AO"), promoted("SEO"), promoted("SCS1"), moved("MOD", "G7"), moved("DSTL", "HEO"))


@dataclass(frozen=True)
class Heard:
    subject: str
    number: int
    event_id: str
    name: str
    body: dict[str, Any]


@dataclass
class Seen:
    """What a department knows: of each member where they are, and what was said of them."""

    states: dict[str, State] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def fold(records: Iterable[Heard]) -> Seen:
    """Drops what was heard before. Any other record that does not follow its subject's last one is an error."""
    seen, ids = Seen(), dict[tuple[str, int], str]()
    for its in records:
        said = seen.said.setdefault(its.subject, [])
        if its.number <= len(said):
            assert ids[its.subject, its.number] == its.event_id, "two events under one number"
            continue
        assert its.number == len(said) + 1, f"a hole before number {its.number}"
        ids[its.subject, its.number] = its.event_id
        said.append(its.name)
        if its.name == "MemberErased":
            del seen.states[its.subject]
            continue
        there = its.name != "MemberLeft"
        seen.states[its.subject] = (its.body["organisation"], its.body["grade_band"], there)
    return seen


@asynccontextmanager
async def department(house: House) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer in a group of its own, from the beginning; it commits nothing."""
    consumer = AIOKafkaConsumer(
        f"{house.prefix}gse.members.public",
        **house.kafka.aiokafka(),
        group_id=f"{house.prefix}department.{uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def listen(consumer: AIOKafkaConsumer, heard: list[Heard]) -> None:
    async for record in consumer:
        headers = {name: value.decode() for name, value in record.headers}
        name = headers["ce_type"].split(".")[-2]
        if not name.startswith("Member"):  # organisations and promises are told here too
            continue
        number, event_id = int(headers["ce_sequence"]), headers["ce_id"]
        heard.append(Heard(record.key.decode(), number, event_id, name, json.loads(record.value)))


async def has_caught_up(consumer: AIOKafkaConsumer) -> bool:
    ends = await consumer.end_offsets(consumer.assignment())
    return bool(ends) and all([await consumer.position(partition) >= end for partition, end in ends.items()])


async def replayed(house: House) -> list[Heard]:
    """All that is there, from the beginning."""
    heard: list[Heard] = []
    async with department(house) as consumer, listening(consumer, heard):
        await eventually(lambda: has_caught_up(consumer), timeout=30)
    return heard


async def replayed_after_a_crash(house: House) -> list[Heard]:
    """The same, but for a consumer that was stopped before it had committed anything, and heard it all again."""
    heard: list[Heard] = []
    async with department(house) as consumer, listening(consumer, heard):
        await eventually(lambda: len(heard) >= BEFORE_THE_CRASH, timeout=30)
    return heard + await replayed(house)


@asynccontextmanager
async def listening(consumer: AIOKafkaConsumer, heard: list[Heard]) -> AsyncIterator[None]:
    task = asyncio.create_task(listen(consumer, heard))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


class Commands:
    """What people and the team ask for. A service that is killed meanwhile is asked again, with the same key."""

    def __init__(self, house: House, team: dict[str, str]) -> None:
        self.house, self.team = house, team

    async def join(self, person: Person, organisation: str, grade: str) -> str:
        answer = await self._ask("", person.form(organisation=organisation, grade=grade), {}, 201)
        return str(UUID(answer["member_id"]))

    async def do(self, member_id: str, step: Step) -> None:
        what, form = step
        await self._ask(f"/{member_id}/{what}", form, self.team, 200)

    async def live(self, person: Person, life: Life) -> str:
        member_id = await self.join(person, life.organisation, life.grade)
        for step in life.steps:
            await self.do(member_id, step)
        return member_id

    async def state(self, member_id: str) -> State:
        answer = await self.house.http.get(f"{MEMBERS}/{member_id}", headers=self.team)
        its = answer.raise_for_status().json()
        return its["organisation"], BANDS[its["grade"]], its["left_on"] is None

    async def _ask(self, path: str, form: Any, headers: dict[str, str], status: int) -> dict[str, Any]:
        key = {"Idempotency-Key": str(uuid4())}

        async def answered() -> httpx2.Response:
            answer = await self.house.http.post(MEMBERS + path, json=form, headers=headers | key)
            assert answer.status_code != 503, "it was killed"
            return answer

        answer = await eventually(answered, timeout=60, every=0.2)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def kill_meanwhile(house: House, heard: list[Heard], before: int) -> None:
    for count in KILLED_AT:

        def has_heard(count: int = count) -> bool:
            return len(heard) >= before + count

        await eventually(has_heard, timeout=60)
        house.kill("members")


@pytest.mark.timeout(240)
async def test_who_listened_all_the_time_and_who_replays_see_the_same_in_order(house: House) -> None:
    commands = Commands(house, await house.signed_in("team"))
    lives = LIVES * 2
    people = planted(len(lives) + 1)
    heard: list[Heard] = []
    async with department(house) as consumer, listening(consumer, heard):
        await eventually(lambda: has_caught_up(consumer), timeout=30)
        nemesis = asyncio.create_task(kill_meanwhile(house, heard, len(heard)))
        contested = await commands.join(people[-1], "UKHSA", "EO")
        ids, _ = await asyncio.gather(
            asyncio.gather(*(commands.live(person, life) for person, life in zip(people[:-1], lives, strict=True))),
            asyncio.gather(*(commands.do(contested, step) for step in AT_ONCE)),
        )
        gone = people[len(lives) - 1]  # whose last life has ended: the same person, under an id that says nothing
        back = await commands.join(gone, "MOD", "G7")
        await nemesis
        await house.level()
        await eventually(lambda: has_caught_up(consumer), timeout=30)

    from_the_start = await replayed(house)
    with_repeats = await replayed_after_a_crash(house)
    live, again, dropped = fold(heard), fold(from_the_start), fold(with_repeats)

    assert live == again == dropped
    assert len(with_repeats) >= len(from_the_start) + BEFORE_THE_CRASH
    assert [tuple(live.said[its]) for its in ids] == [life.said for life in lives]
    assert [live.states[its] for its in ids] == [life.state for life in lives]
    assert (live.said[back], live.states[back]) == (["MemberJoined"], ("MOD", "G7-G6", True))
    assert sorted(live.said[contested]) == ["MemberGradeChanged"] * 3 + ["MemberJoined"] + ["MemberTransferred"] * 2
    assert live.said[contested][0] == "MemberJoined"
    ours = [*ids, back, contested]
    assert [live.states[its] for its in ours] == [await commands.state(its) for its in ours]
