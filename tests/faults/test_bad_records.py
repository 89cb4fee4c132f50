"""A stranger who may write puts all that is wrong on every stream; every subscriber goes on and misses nothing."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import asyncpg
import httpx2
import pytest
from aiokafka import AIOKafkaProducer
from house import House
from people import as_file, planted

from contracts.streams import CONTACTS, PARTITIONS, SERVICES
from gse_platform.prove.bad_records import KINDS, NOT_ON_COMPACTED, Bad, type_is_foreign
from testkit.eventually import eventually
from testkit.records import Record, read_all

LIFE_OF_A_MEMBER: Final = {"MemberJoined", "MemberLeft", "MemberErasureRequested", "MemberErased"}
# Every subscriber of the house by what it reacts to; the stream is the name's rest.
SUBSCRIBERS: Final = {
    "members.gse.mentoring": {"MemberDataErased"},
    "members.gse.events": {"MemberDataErased"},
    "members.gse.notifications": {"MemberDataErased"},
    "members.gse.events.coming-up": {"KeyDateScheduled", "EventPublished", "EventHosted"},
    "mentoring.gse.members": LIFE_OF_A_MEMBER
    | {"MemberGradeChanged", "MemberTransferred", "MemberProcessingRestricted"},
    "events.gse.members": LIFE_OF_A_MEMBER | {"MemberGradeChanged", "MemberTransferred"},
    "notifications.gse.members": LIFE_OF_A_MEMBER
    | {"ParticipantsSelected", "ApplicantsNotSelected", "ShadowBoardMemberAppointed", "ShadowBoardAdviceGiven"}
    | {"MemberGradeChanged", "MemberTransferred", "RoleGranted", "RoleRevoked", "MemberErasureStalled"}
    | {"CommitmentOverdue", "ChampionAppointed", "ChampionTermEnded", "MemberProcessingRestricted"}
    | {"VolunteerJoinedGroup", "VolunteerLeftGroup", "GroupMeetingScheduled", "ShadowBoardTermEnded", "FocusGroupHeld"}
    | {"TaskGroupExtended", "TaskGroupDisbanded", "OpportunityOpened", "ShadowBoardSeatOpened"}
    | {"FeedbackRoundOpened", "FeedbackAnswered"},
    "notifications.gse.members.contacts": {"MemberContactChanged"},
    "notifications.gse.members.open-doors": {"OpportunityOpened", "ShadowBoardSeatOpened", "FeedbackRoundOpened"}
    | {"ShadowBoardMemberAppointed", "ChampionAppointed", "ChampionTermEnded"}
    | {"TaskGroupEstablished", "TaskGroupExtended", "TaskGroupDisbanded", "GroupMeetingScheduled"},
    "notifications.gse.mentoring": {"MentoringSchemeOpened", "MentoringPairCreated", "MentoringPairEnded"},
    "notifications.gse.events": {"KeyDateScheduled", "EventPublished", "AttendeeRegistered", "EventHosted"}
    | {"KeyDateApproaching", "EventProposed", "EventSignedOff"},
}
OF_EACH: Final = 8  # records of each kind for each subscriber
POISON: Final = "zzpoisonzz"
A_MEGABYTE: Final = 1_000_000
PEOPLE: Final = 60
Parked = tuple[str, str, int, int, str]  # consumer, topic, partition, offset, kind


def body_of_a_megabyte(bad: Bad) -> str:
    bad.value = (POISON * (A_MEGABYTE // len(POISON))).encode()
    return "stuck"


@pytest.mark.timeout(240)
async def test_a_thousand_bad_records_are_set_aside_and_every_good_one_is_heard(house: House) -> None:
    chance = random.Random(5)
    lives = [house.supervisor.running[service].pid for service in SERVICES]
    await house.send_import(as_file(planted(PEOPLE)))
    [forgotten] = [await house.join(person) for person in planted(1)]
    await _erase(house, forgotten)  # so that every stream has something true on it
    true_ids = {stream: await _a_true_id(house, stream) for stream in set(map(_stream_of, SUBSCRIBERS))}
    bad = list(_bad_ones(true_ids, chance))
    chance.shuffle(bad)

    wanted, _ = await asyncio.gather(_plant(house, bad, chance), house.send_import(as_file(planted(PEOPLE))))
    for person in planted(3):
        await _erase(house, await house.join(person))

    found = await eventually(lambda: _as_many_parked(house, wanted.total()), timeout=90, every=0.5)
    assert Counter(_place(row) for row in found) == wanted
    assert len(bad) == 1219
    assert [row["reason"] for row in found if POISON in row["reason"].lower()] == []
    await eventually(lambda: _knows(house, 2 * PEOPLE), timeout=60)
    assert [house.supervisor.running[service].pid for service in SERVICES] == lives
    logs = {file.name: file.read_text(errors="replace").lower() for file in house.platform.home.logs.iterdir()}
    assert [name for name, text in logs.items() if POISON in text] == []


async def test_what_comes_again_or_late_is_dropped_and_counted_and_a_fork_is_parked(house: House) -> None:
    people = [await house.join(person) for person in planted(2)]
    await _change_grade(house, people[0])
    await eventually(lambda: _heard(house, people[0], 2), timeout=30)
    keys = {str(its).encode() for its in people}
    of_them = [its for its in await read_all(house.kafka, f"{house.prefix}gse.members") if its.key in keys]
    assert [len(of_them), sorted(its.header("ce_sequence") or "" for its in of_them)] == [3, ["1", "1", "2"]]
    dropped = {consumer: await _dropped(house, consumer) for consumer in SUBSCRIBERS}
    parked = len(await _parked(house))

    async with AIOKafkaProducer(**house.kafka.aiokafka()) as stranger:
        for its in of_them:
            await _send(stranger, its, {})
        [other_id] = {its.header("ce_id") for its in of_them if its.key == str(people[1]).encode()}
        [newest] = [its for its in of_them if its.header("ce_sequence") == "2"]
        await _send(stranger, newest, {"ce_id": (other_id or "").encode()})
    found = await eventually(lambda: _as_many_parked(house, parked + 4), timeout=60)

    by_consumer = Counter((row["consumer"], row["kind"]) for row in found if row["subject"] == people[0])
    assert by_consumer == {
        ("mentoring.gse.members", "fork"): 1,
        ("events.gse.members", "fork"): 1,
        ("notifications.gse.members", "fork"): 1,
        ("notifications.gse.members.open-doors", "fork"): 1,
    }
    of_members = {name for name in SUBSCRIBERS if _stream_of(name) == "gse.members"}
    assert {name: await _dropped(house, name) - before for name, before in dropped.items()} == {
        name: 3 if name in of_members else 0 for name in SUBSCRIBERS
    }
    await _change_grade(house, people[0], "SEO")
    assert await eventually(lambda: _heard(house, people[0], 3), timeout=30)  # the true one goes on


def _stream_of(consumer: str) -> str:
    return consumer.partition(".")[2].removesuffix(".coming-up").removesuffix(".open-doors")


def _bad_ones(true_ids: dict[str, bytes], chance: random.Random) -> Iterator[tuple[Bad, str, str, str]]:
    """Each kind of badness for each subscriber: the record, its stream, the event's name, and how it is set aside."""
    for consumer, names in SUBSCRIBERS.items():
        stream = _stream_of(consumer)
        for change in (*KINDS, body_of_a_megabyte):
            if stream == CONTACTS and change in NOT_ON_COMPACTED:
                continue
            for _ in range(OF_EACH if change is not body_of_a_megabyte else 1):
                name = chance.choice(sorted(names))
                subject = str(UUID(int=chance.getrandbits(128), version=4)).encode()
                bad = Bad(f"uk.gov.gse.{stream.split('.')[1]}.{name}.v1", subject, true_ids[stream], POISON)
                kind = change(bad)
                yield bad, stream, "every name" if change is type_is_foreign else name, kind


async def _plant(house: House, bad: list[tuple[Bad, str, str, str]], chance: random.Random) -> Counter[Parked]:
    """Puts them on the streams; how each has to stand at each subscriber."""
    wanted: Counter[Parked] = Counter()
    async with AIOKafkaProducer(**house.kafka.aiokafka(), max_request_size=2 * A_MEGABYTE) as stranger:
        for its, stream, name, kind in bad:
            topic, headers = house.prefix + stream, list(its.headers.items())
            at = await stranger.send_and_wait(
                topic, its.value, key=its.key, partition=chance.randrange(PARTITIONS), headers=headers
            )
            for consumer, names in SUBSCRIBERS.items():
                looked_at = kind in {"alone", "waiting"} or name in names | {"every name"}
                if _stream_of(consumer) == stream and looked_at:
                    wanted[consumer, topic, at.partition, at.offset, kind] += 1
    return wanted


async def _a_true_id(house: House, stream: str) -> bytes:
    """With an id of nobody's a relay would refuse to send at its next start: its database would seem to be older."""

    async def ids() -> list[str | None]:
        return [its.header("ce_id") for its in await read_all(house.kafka, house.prefix + stream)]

    return str((await eventually(ids, timeout=30))[0]).encode()


async def _send(stranger: AIOKafkaProducer, its: Record, other_headers: dict[str, bytes]) -> None:
    headers = [(name, other_headers.get(name, value)) for name, value in its.headers]
    await stranger.send_and_wait(its.topic, its.value, key=its.key, partition=its.partition, headers=headers)


async def _erase(house: House, member_id: UUID) -> None:
    """Asks for it, and waits until all four services have said that they did it."""
    path = f"/api/members/v1/members/{member_id}/erasure"
    answer = await house.http.post(path, headers=house.member(member_id))
    assert answer.status_code < 300, answer.text

    async def complete() -> bool:
        told = (await house.http.get(path, headers=await house.signed_in("team"))).json()
        return told["completed_at"] is not None

    await eventually(complete, timeout=60)


async def _change_grade(house: House, member_id: UUID, grade: str = "G7") -> None:
    path = f"/api/members/v1/members/{member_id}/grade-changes"
    answer = await house.post(path, {"grade": grade}, persona="team")
    assert answer.status_code < 300, answer.text


async def _knows(house: House, members: int) -> bool:
    return set((await house.members()).values()) == {members}


async def _heard(house: House, member_id: UUID, sequence: int) -> bool:
    """Whether every subscriber of members has passed so many events of the member."""
    last = []
    for service in ("mentoring", "events", "notifications"):
        connection = await asyncpg.connect(house.databases[service])
        sql = "SELECT last_sequence FROM progress WHERE consumer = $1 AND subject = $2"
        last.append(await connection.fetchval(sql, f"{service}.gse.members", member_id))
        await connection.close()
    return last == [sequence] * 3


async def _parked(house: House) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = []
    for service in SERVICES:
        connection = await asyncpg.connect(house.databases[service])
        found += await connection.fetch("SELECT * FROM parked")
        await connection.close()
    return found


async def _as_many_parked(house: House, count: int) -> list[asyncpg.Record]:
    found = await _parked(house)
    return found if len(found) >= count else []


def _place(row: asyncpg.Record) -> Parked:
    return row["consumer"], row["topic"], row["partition"], row["record_offset"], row["kind"]


async def _dropped(house: House, consumer: str) -> int:
    """How many repeats the subscriber has dropped, by its own count."""
    async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
        text = (await client.get(f"{house.platform.url(consumer.partition('.')[0])}/metrics")).text
    start = f'duplicates_dropped_total{{consumer="{consumer}"}} '
    return next((int(float(line.removeprefix(start))) for line in text.splitlines() if line.startswith(start)), 0)
