"""A foreign producer: it signs in as the operator and puts on the streams what no service of ours would say.

What it copies of a true record is the id alone: a record with a well-formed id that its service has never given out
would make that service's relay refuse at its next start, as it must when its database is older than its stream.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaProducer

from gse_platform.prove.facts import CONTACTS, PLANTED, Planted
from testkit.addresses import KafkaAddress

# A type of each stream. On the first ones, every consumer reacts to it but those of `facts.PASSING_BY`.
TYPES = {
    "gse.members": "uk.gov.gse.members.MemberJoined.v1",
    CONTACTS: "uk.gov.gse.members.MemberContactChanged.v1",
    "gse.mentoring": "uk.gov.gse.mentoring.MentoringPairCreated.v1",
    "gse.events": "uk.gov.gse.events.MemberDataErased.v1",
}
HEARD_BY_ALL = ("gse.members", CONTACTS)
TOPICS = ("gse.members", "gse.members", "gse.mentoring", "gse.events", CONTACTS)
PARTITIONS = 12
TOO_LARGE = 70_000

Headers = list[tuple[str, bytes | None]]


@dataclass
class Bad:
    """One bad record before it is sent; the subject is nobody's, so that it holds nobody up."""

    type: str  # uk.gov.gse.members.MemberJoined.v1
    subject: bytes
    event_id: bytes
    poison: str
    key: bytes | None = None
    value: bytes | None = b""
    headers: dict[str, bytes | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = self.subject
        self.value = json.dumps({"member_id": self.poison, "name": self.poison}).encode()
        self.headers = {
            "ce_specversion": b"1.0",
            "ce_id": self.event_id,
            "ce_type": self.type.encode(),
            "ce_source": b"urn:gse:stranger",
            "ce_time": b"2026-02-11T14:00:00Z",
            "ce_subject": self.subject,
            "ce_sequence": b"1",
        }


def no_key(bad: Bad) -> str:
    bad.key = None
    return "alone"


def key_is_no_id(bad: Bad) -> str:
    bad.key = f"{bad.poison}@canary.example".encode()
    return "alone"


def key_is_no_text(bad: Bad) -> str:
    bad.key = b"\xff\xfe" + bad.poison.encode()
    return "alone"


def no_headers(bad: Bad) -> str:
    bad.headers = {}
    return "alone"


def hostile_headers(bad: Bad) -> str:
    bad.headers |= {"ce_sequence": b"9" * 5000, "ce_id": b"\xff", bad.poison: None, "content-type": b"\xc3\x28\n\t"}
    return "alone"


def number_is_none(bad: Bad) -> str:
    bad.headers["ce_sequence"] = bad.poison.encode()
    return "alone"


def body_is_cut(bad: Bad) -> str:
    bad.value = f'{{"member_id": "{bad.poison}'.encode()
    return "stuck"


def body_is_wrong(_bad: Bad) -> str:
    return "stuck"


def body_is_no_text(bad: Bad) -> str:
    bad.value = b"\xff\xfe\n\t" + bad.poison.encode()
    return "stuck"


def body_is_too_large(bad: Bad) -> str:
    bad.value = (bad.poison * (TOO_LARGE // len(bad.poison))).encode()
    return "stuck"


def version_is_unknown(bad: Bad) -> str:
    bad.headers["ce_type"] = (bad.headers["ce_type"] or b"").replace(b".v1", b".v9")
    return "stuck"


def type_is_foreign(bad: Bad) -> str:
    bad.headers["ce_type"] = f"uk.gov.gse.{bad.poison}.Joined.v1".encode()
    return "stuck"


def body_is_missing(bad: Bad) -> str:
    bad.value = None
    return "stuck"


def far_ahead(bad: Bad) -> str:
    bad.headers["ce_sequence"] = b"7"
    return "waiting"


KINDS: tuple[Callable[[Bad], str], ...] = (
    no_key, key_is_no_id, key_is_no_text, no_headers, hostile_headers, number_is_none, body_is_cut, body_is_wrong,
    body_is_no_text, body_is_too_large, version_is_unknown, type_is_foreign, body_is_missing, far_ahead,
)  # fmt: skip
# What is wrong whether or not somebody reacts to the type.
BAD_FOR_ALL = (
    no_key, key_is_no_id, key_is_no_text, no_headers, hostile_headers, number_is_none, type_is_foreign, far_ahead,
)  # fmt: skip
# A compacted stream takes the newest; there, no body takes one back, and Kafka refuses what has no key.
NOT_ON_COMPACTED = {no_key, body_is_missing, far_ahead}


@dataclass
class Stranger:
    """Plants bad records and remembers each one's number and how it must be set aside."""

    kafka: KafkaAddress
    chance: random.Random
    poison: str
    planted: list[Planted] = field(default_factory=list)

    async def plant(self, true_ids: dict[str, str], count: int) -> None:
        """Put so many bad records on the streams; of each stream one true event's id is copied."""
        producer = AIOKafkaProducer(**self.kafka.aiokafka(), acks="all", enable_idempotence=True)
        try:
            await producer.start()
            for _ in range(count):
                topic = self.chance.choice([its for its in TOPICS if its in true_ids])
                kinds = KINDS if topic in HEARD_BY_ALL else BAD_FOR_ALL
                made = [its for its in kinds if topic != CONTACTS or its not in NOT_ON_COMPACTED]
                change = self.chance.choice(made)
                subject = str(UUID(int=self.chance.getrandbits(128), version=4)).encode()
                bad = Bad(TYPES[topic], subject, true_ids[topic].encode(), self.poison)
                kind = change(bad)
                number = len(self.planted)
                self.planted.append(Planted(number, topic, change.__name__, kind, for_all=change in BAD_FOR_ALL))
                headers: Headers = [*bad.headers.items(), (PLANTED, str(number).encode())]
                await producer.send_and_wait(
                    topic, bad.value, key=bad.key, partition=self.chance.randrange(PARTITIONS), headers=headers
                )
        finally:
            await producer.stop()
