"""One of three is erased, and no store, stream or log of the house leads to them any more; the others stay findable."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from house import House
from joserfc.jwk import OKPKey
from people import Person, planted

from chassis.identity import AUDIENCE, ISSUER, LIFETIME, sign
from contracts.streams import CONTACTS, SERVICES, STREAMS
from testkit.compaction import cleared, cleared_soon, taken_back
from testkit.eventually import eventually
from testkit.records import Record, read_all

MEMBERS: Final = "/api/members/v1/members"
SCHEME: Final = {
    "title": "GSE Connect",
    "summary": "Members help each other to reach their potential.",
    "link": "https://gse.example/connect",
}
BARE_IDS: Final = {
    ("members", "erased_member"),
    ("members", "erasure"),
    ("members", "erasure_receipt"),
    ("mentoring", "erased_member"),
    ("events", "erased_member"),
    ("notifications", "erased_member"),
}
# How many events were said and heard of an id, and the thin events themselves.
OF_THE_LOG: Final = {"subject_counter", "progress", "event_log"}


def as_member(house: House, member_id: UUID) -> dict[str, str]:
    """The header of a member who has signed in."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(uuid4()), "member_id": str(member_id), "organisation": None}
    key = OKPKey.import_key(json.loads(house.platform.keys.signing.read_text()))
    return {"Authorization": f"Bearer {sign({**claims, 'roles': ['member'], 'iat': now, 'exp': now + LIFETIME}, key)}"}


async def sign_up(house: House, member_id: UUID, subject: str) -> None:
    """Their department's provider has signed them in, under a pseudonym that stands nowhere else."""
    connection = await asyncpg.connect(house.databases["members"])
    await connection.execute(
        "INSERT INTO account (account_id, issuer, subject, member_id, created_at) VALUES ($1, $2, $3, $4, now())",
        uuid4(),
        "https://provider.example",
        subject,
        member_id,
    )
    await connection.close()


async def pair(house: House, *members: UUID) -> None:
    scheme = (await house.post("/api/mentoring/v1/schemes", SCHEME, persona="scheme-lead")).json()["scheme_id"]
    here = f"/api/mentoring/v1/schemes/{scheme}"
    for member_id in members:
        wishes = {"attestation": True, "goals": ["Lead a team"], "offers": ["maps"]}
        enrolled = await house.post(f"{here}/enrolments", wishes, **as_member(house, member_id))
        assert enrolled.status_code == 201, enrolled.text
    run = (await house.post(f"{here}/match-runs", persona="scheme-lead")).json()["run_id"]
    published = await house.post(f"/api/mentoring/v1/match-runs/{run}/publish", persona="scheme-lead")
    assert len(published.json()["pairs"]) == 1, published.text


async def take_places(house: House, *members: UUID) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=30)
    form = {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(starts_at),
        "ends_at": str(starts_at + timedelta(hours=1)),
        "capacity": 10,
    }
    its = (await house.post("/api/events/v1/events", form, persona="volunteer")).json()["hosted_event_id"]
    for step in ("sign-off", "publish"):
        assert (await house.post(f"/api/events/v1/events/{its}/{step}", persona="team")).status_code == 200
    for member_id in members:
        taken = await house.post(f"/api/events/v1/events/{its}/registrations", **as_member(house, member_id))
        assert taken.status_code == 201, taken.text


async def in_stores(house: House, *words: str) -> set[tuple[str, str]]:
    """The service and table of every row that holds one of the words, as text or as bytes."""
    looked_for = "|".join([*words, *(word.encode().hex() for word in words)])
    found = set()
    for service in SERVICES:
        connection = await asyncpg.connect(house.databases[service])
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            sql = f"SELECT count(*) FROM ONLY {table} AS its WHERE its::text ~* $1"  # noqa: S608 - a table of ours
            if await connection.fetchval(sql, looked_for):
                found.add((service, "event_log" if table.startswith("event_log") else table))
        await connection.close()
    return found


async def on_streams(house: House, *words: str) -> set[str]:
    """The streams with a record that holds one of the words in key, headers or body."""
    texts = {its.name: repr(await read_all(house.kafka, house.prefix + its.name)).lower() for its in STREAMS}
    return {name for name, text in texts.items() if any(word.lower() in text for word in words)}


def in_logs(house: House, *words: str) -> set[str]:
    """The log files with a line that holds one of the words."""
    files = list(house.platform.home.logs.glob("*.log"))
    assert {its.stem for its in files} >= {*SERVICES, "front-door"}
    texts = {its.stem: its.read_text(errors="replace").lower() for its in files}
    return {name for name, text in texts.items() if any(word.lower() in text for word in words)}


async def records_about(house: House, member_id: UUID) -> list[Record]:
    """Every record of the full streams that names the member."""
    streams = [f"gse.{service}" for service in SERVICES] + [CONTACTS]
    records = [its for stream in streams for its in await read_all(house.kafka, house.prefix + stream)]
    return [its for its in records if str(member_id).encode() in (its.key or b"") + (its.value or b"")]


async def redeliver(house: House, records: Iterable[Record]) -> None:
    """The same records again, as a relay repeats what was in flight when it was killed."""
    async with AIOKafkaProducer(**house.kafka.aiokafka()) as producer:
        for its in records:
            await producer.send_and_wait(its.topic, value=its.value, key=its.key, headers=list(its.headers))


async def erased(house: House, member_id: UUID) -> dict[str, Any]:
    """How far the erasure is, once it is complete."""
    answer = (await house.get(f"{MEMBERS}/{member_id}/erasure", persona="team")).json()
    return answer if answer["completed_at"] else {}


async def hours_pass(house: House, member_id: UUID, hours: int) -> None:
    """The contact of this member was taken back so long ago; returns when that was said once more."""
    topic, key = house.prefix + CONTACTS, str(member_id)
    before = await taken_back(house.kafka, topic, key)
    connection = await asyncpg.connect(house.databases["members"])
    await connection.execute(
        "UPDATE withdrawn_contact SET withdrawn_at = now() - make_interval(hours => $2) WHERE member_id = $1",
        member_id,
        hours,
    )
    await connection.close()
    await taken_back(house.kafka, topic, key, after=before)


async def mails_to(house: House, person: Person) -> int:
    return len([mail for mail in await house.mails() if mail["to"] == person.email])


@pytest.mark.timeout(300)
async def test_an_erased_member_is_found_nowhere_and_nothing_late_brings_them_back(house: House) -> None:
    ada, ben = planted(2)
    pseudonym = f"pseudonym-{uuid4().hex}"
    words = (ada.name, ada.email, pseudonym)
    ada_id = await house.join(ada)
    ben_id = await house.join(ben, organisation="Defra")
    await sign_up(house, ada_id, pseudonym)
    await house.level()
    await pair(house, ada_id, ben_id)
    await take_places(house, ada_id, ben_id)
    await eventually(lambda: _have_five_mails(house, ada, ben), timeout=30)
    await house.level()
    assert await in_stores(house, *words) == {
        ("members", "account"),
        ("members", "member"),
        ("notifications", "notice_body"),
        ("notifications", "recipient"),
    }
    assert await on_streams(house, *words) == {CONTACTS}
    before = await records_about(house, ada_id)
    assert {its.topic.removeprefix(house.prefix) for its in before} == {
        "gse.members",
        "gse.mentoring",
        "gse.events",
        "gse.notifications",
        CONTACTS,
    }

    with cleared_soon(house.kafka, house.prefix + CONTACTS):
        asked = await house.post(f"{MEMBERS}/{ada_id}/erasure", **as_member(house, ada_id))
        assert asked.status_code == 202, asked.text
        done = await eventually(lambda: erased(house, ada_id), timeout=30)
        await redeliver(house, before)
        await house.level()
        for hours in (8, 15):
            await hours_pass(house, ada_id, hours)
        await cleared(house.kafka, house.prefix + CONTACTS, *words)

    services = sorted(receipt["service"] for receipt in done["receipts"])
    assert (services, done["late"]) == (["events", "members", "mentoring", "notifications"], [])
    assert await in_stores(house, *words) == set()
    assert await on_streams(house, *words) == set()
    assert in_logs(house, *words) == set()
    linked = await in_stores(house, str(ada_id))
    assert {its for its in linked if its[1] not in OF_THE_LOG} == BARE_IDS
    # Ben hears in one more that the pair has ended, which names nobody.
    assert [await mails_to(house, its) for its in (ada, ben)] == [5, 6]
    told = [(its.header("ce_type") or "").split(".")[-2] for its in await records_about(house, ada_id)]
    assert [told.count(its) for its in ("MemberErasureCompleted", "MemberErased", "MentoringPairEnded")] == [1, 1, 1]

    inbox = await house.get(f"/api/notifications/v1/members/{ben_id}/inbox", persona="team")
    assert not any(word in inbox.text for word in words)
    assert await in_stores(house, ben.name) == {
        ("members", "member"),
        ("notifications", "notice_body"),
        ("notifications", "recipient"),
    }
    assert await on_streams(house, ben.email) == {CONTACTS}
    assert (await house.get(f"{MEMBERS}/{ada_id}", persona="team")).status_code == 404
    late = await house.post(f"{MEMBERS}/{ada_id}/departures", **as_member(house, ada_id))
    assert late.status_code == 404


async def _have_five_mails(house: House, *people: Person) -> bool:
    """A welcome, word of the scheme, an introduction, an invitation and a confirmation."""
    return all([await mails_to(house, person) == 5 for person in people])
