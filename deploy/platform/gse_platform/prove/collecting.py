"""Waits until a run is level, and collects what it left behind."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from contracts.streams import SERVICES, STREAMS
from gse_platform.clock import offset, wall_clock
from gse_platform.prove import kafka_log, looking, sealed, witness
from gse_platform.prove.asking import History
from gse_platform.prove.bad_records import Stranger
from gse_platform.prove.check_confided import WHAT_SOMEBODY_IS
from gse_platform.prove.facts import Facts
from gse_platform.prove.house import House
from gse_platform.prove.letters import Post, with_tokens

TOPICS = [stream.name for stream in STREAMS]
LEVEL_SECONDS = 60  # wanted
SOON = timedelta(minutes=1)  # what is due by then is under way: it may have been made due just now
LONG_WORD = re.compile(r"[\w-]{39,}")  # a token of feedback, a proof in a link
LONGEST_SECONDS = 180  # then it is looked at as it is


@dataclass(frozen=True)
class Marks:
    """Letters that stand in every name and address that was entered, and in every bad record."""

    canary: str
    poison: str


async def level(house: House, tell: Callable[[str], None], *, still: float = LONGEST_SECONDS) -> float | None:
    """Wait until nothing is to be sent, heard or written to anybody; the seconds that took, None if it never came.

    Where nothing has moved for so many seconds (`still`), nothing is waited for.
    """
    began = moved = time.monotonic()
    before: dict[str, int] = {}
    while (elapsed := time.monotonic() - began) < LONGEST_SECONDS:
        open_ones = await _under_way(house)
        if not open_ones:
            return elapsed
        if open_ones != before:
            before, moved = open_ones, time.monotonic()
        if time.monotonic() - moved > still:
            return None
        tell(", ".join(f"{what}: {count}" for what, count in open_ones.items()))
        await asyncio.sleep(1)
    return None


async def _under_way(house: House) -> dict[str, int]:
    found: dict[str, int] = {}
    kafka = AIOKafkaConsumer(**house.operator.aiokafka(), enable_auto_commit=False)
    try:
        await kafka.start()
        ends = await _ends(kafka, house.prefix)
        for service in SERVICES:
            soon = business_now(house) + SOON
            for what, count in (await witness.unsettled(house.databases[service], service, soon)).items():
                found[f"{service} {what}"] = count
            heard = await witness.heard_so_far(house.databases[service])
            found[f"{service} to hear"] = sum(max(0, ends[place[1:]] - offset) for place, offset in heard.items())
        again = await _ends(kafka, house.prefix)
        found["new records"] = sum(again.values()) - sum(ends.values())
        found |= await _not_ready(house)
    except (OSError, httpx2.HTTPError, asyncpg.PostgresError, KafkaError) as error:
        found[f"no answer ({type(error).__name__})"] = 1
    finally:
        await kafka.stop()
    return {what: count for what, count in found.items() if count}


async def _not_ready(house: House) -> dict[str, int]:
    async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
        asked = {service: f"{house.platform.url(service)}/health/ready" for service in SERVICES}
        answers = {service: await client.get(url) for service, url in asked.items()}
    return {f"{service} not ready": 1 for service, answer in answers.items() if not answer.is_success}


async def _ends(kafka: AIOKafkaConsumer, prefix: str) -> dict[tuple[str, int], int]:
    partitions = [
        TopicPartition(prefix + stream.name, number) for stream in STREAMS for number in range(stream.partitions)
    ]
    return {(its.topic, its.partition): end for its, end in (await kafka.end_offsets(partitions)).items()}


async def true_ids(house: House) -> dict[str, str]:
    """Of each stream that has one, the id of an event that was said on it."""
    found: dict[str, str] = {}
    for service in SERVICES:
        connection = await asyncpg.connect(house.databases[service])
        try:
            rows = await connection.fetch(
                "SELECT row->>'stream' AS stream, max(row->>'event_id') AS event_id FROM witness.said GROUP BY 1"
            )
        finally:
            await connection.close()
        found |= {row["stream"]: row["event_id"] for row in rows}
    return found


async def collect(house: House, history: History, stranger: Stranger, marks: Marks, folder: Path) -> Facts:
    """Everything that the checks look at. The platform is level and says nothing new meanwhile.

    The time is that of the beginning, to which it is level: what comes due while this reads is not looked for.
    """
    now = business_now(house)
    testimonies = [await witness.testimony(house.databases[service], service) for service in SERVICES]
    topics = [house.prefix + topic for topic in TOPICS]
    ends = await asyncio.to_thread(kafka_log.ends, house.operator, topics, folder)
    counts = {topic: sum(end for (name, _), end in ends.items() if name == topic) for topic in topics}
    log = await asyncio.to_thread(kafka_log.read, house.operator, counts, folder)
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        post = Post(house.platform.mail, client)
        mails = await post.mails((await post.heads())[house.mails_before :])
        figures = {
            f"{service} /metrics": (await client.get(f"{house.platform.url(service)}/metrics")).text
            for service in SERVICES
        }
    texts = figures | {str(file): file.read_text(errors="replace") for file in _logs(house.platform.home.path)}

    def stream(topic: str) -> str:
        return topic.removeprefix(house.prefix)

    rows = {table: rows for its in testimonies for table, rows in its.rows.items()}
    joined = [said.subject for its in testimonies for said in its.said if said.name == "MemberJoined"]
    key = await asyncio.to_thread(Path(house.environments["members"]["MEMBERS_MONITORING_KEY"]).read_text)
    rows |= await sealed.opened(house.databases["members"], bytes.fromhex(key), joined)
    confided = history.confided()
    secrets = confided | WHAT_SOMEBODY_IS
    tokens = history.tokens | {row["unsubscribe_token"] for row in rows["notifications.recipient"]}
    facts = Facts(
        commands=list(history.commands.values()),
        said=[row for its in testimonies for row in its.said],
        heard=[row for its in testimonies for row in its.heard],
        changes=[row for its in testimonies for row in its.changes],
        log=[replace(its, topic=stream(its.topic)) for its in log],
        ends={(stream(topic), partition): end for (topic, partition), end in ends.items()},
        offsets={
            (consumer, stream(topic), partition): offset
            for its in testimonies
            for (consumer, topic, partition), offset in its.offsets.items()
        },
        planted=stranger.planted,
        parked=[replace(row, topic=stream(row.topic)) for its in testimonies for row in its.parked],
        rows=rows,
        mails=mails,
        now=now.isoformat(),
        tokens=tokens,
        canary=marks.canary,
        poison=marks.poison,
        looks=[
            *await looking.at_members(house, rows["members.member"], rows["members.restriction"]),
            *await looking.at_notes(
                house, rows["members.group_meeting"], rows["members.volunteering"], rows["members.member"]
            ),
            *await looking.at_streams(house),
        ],
        told={
            place: lines_with(text, marks) + with_tokens(text, tokens) + sum(its in text for its in secrets)
            for place, text in texts.items()
        },
    )
    finders = {
        "traces": holding(history.addresses(facts.gone()), marks.canary),
        "confided": holding(confided, marks.canary),
        "characteristics": lambda row: any(its in row for its in WHAT_SOMEBODY_IS),
    }
    held: dict[str, dict[str, int]] = {name: {} for name in finders}
    for service in SERVICES:
        for name, found in (await witness.traces(house.databases[service], service, finders)).items():
            held[name] |= found
    return replace(facts, traces=held["traces"], confided=held["confided"], characteristics=held["characteristics"])


def holding(texts: Collection[str], canary: str) -> Callable[[str], bool]:
    """Whether a row holds one of these: with the canary in it, or a long word that is random."""
    marked = [its for its in texts if canary in its]
    random = set(texts) - set(marked)
    return lambda row: (
        (canary in row and any(its in row for its in marked)) or not random.isdisjoint(LONG_WORD.findall(row))
    )


def business_now(house: House) -> datetime:
    return wall_clock() + timedelta(seconds=offset(house.platform.home.clock))


def lines_with(text: str, marks: Marks) -> int:
    """How many lines hold what was entered or planted."""
    return sum(marks.canary in line or marks.poison in line for line in text.lower().splitlines())


def _logs(home: Path) -> list[Path]:
    """Every log of the home, past the stores' own data, where files come and go."""
    found = []
    for folder, below, files in os.walk(home):
        below[:] = sorted(set(below) - {"data"})
        found += [Path(folder) / name for name in sorted(files) if ".log" in name]
    return found
