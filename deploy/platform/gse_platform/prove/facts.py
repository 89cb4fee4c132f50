"""What a run left behind, as plain data: all that the checks look at, whoever collected it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONTACTS = "gse.members.contacts"
PLANTED = "planted"
# Consumers that do not react to what a stranger says on their stream, and pass by what is wrong in its body alone.
PASSING_BY = {"notifications.gse.members.open-doors"}
"""The header that a foreign producer's records carry: their number."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """One command and what became of it.

    `outcome`: ok (acknowledged), fail (refused) or unknown (no answer, also when asked again after the run). `again`:
    what the same key gave when it was asked once more: "" (not asked), same, other.
    """

    number: int
    kind: str
    about: str  # the id that it acts on; for one that makes something, whose it is
    asked: Mapping[str, str]  # codes and ids, nothing personal
    outcome: str
    made: str = ""  # the id that the answer gave
    again: str = ""
    doubted: bool = False  # there was no answer at first
    began: float = 0.0  # when it was asked first, in seconds of wall time
    ended: float = 0.0  # when the answer came


@dataclass(frozen=True)
class Said:
    """A row of an outbox as its trigger saw it."""

    service: str
    place: int
    event_id: str
    stream: str
    type: str
    subject: str
    sequence: int
    body: str | None = None
    public_id: str | None = None
    public_sequence: int | None = None
    public_body: str | None = None
    at: float = 0.0  # in seconds of wall time, just before its commit

    @property
    def name(self) -> str:
        return self.type.split(".")[-2]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body or "{}")
        return found


@dataclass(frozen=True)
class Heard:
    """One step of a consumer along a subject: the last number applied, before and after a transaction."""

    consumer: str
    place: int
    subject: str
    before: int
    after: int
    began: float = 0.0  # the transaction's beginning, in seconds of wall time


@dataclass(frozen=True)
class Change:
    """A row that changed: what it became, or what it was when it was deleted."""

    what: str  # <service>.<table>
    place: int
    op: str
    row: Row
    at: float = 0.0  # in seconds of wall time


@dataclass(frozen=True)
class Record:
    """A record as Kafka's own Java consumer read it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Mapping[str, bytes | None]
    value: bytes | None

    def text(self, header: str) -> str:
        return (self.headers.get(header) or b"").decode(errors="replace")


@dataclass(frozen=True)
class Planted:
    """A bad record of a foreign producer, and how each consumer of its topic must set it aside."""

    number: int
    topic: str
    what: str
    kind: str  # alone, stuck, waiting; repeat: dropped
    for_all: bool = True  # also for a consumer that does not react to its type

    def is_passed_by(self, consumer: str) -> bool:
        return not self.for_all and consumer in PASSING_BY


@dataclass(frozen=True)
class Parked:
    consumer: str
    topic: str
    partition: int
    offset: int
    kind: str
    reason: str


@dataclass(frozen=True)
class Mail:
    message_id: str
    to: str
    holds: frozenset[str] = frozenset()  # the notices that a digest leads to


@dataclass(frozen=True)
class Look:
    """Somebody tried to see something: whether it was theirs to see, and whether they saw it."""

    who: str
    what: str
    granted: bool
    seen: bool


@dataclass(frozen=True)
class Facts:
    commands: Sequence[Command] = ()
    said: Sequence[Said] = ()  # of each service in the order of its commits
    heard: Sequence[Heard] = ()
    changes: Sequence[Change] = ()
    log: Sequence[Record] = ()  # of each partition in its order
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)  # the broker's: topic and partition
    offsets: Mapping[tuple[str, str, int], int] = field(default_factory=dict)  # consumer, topic, partition
    planted: Sequence[Planted] = ()
    parked: Sequence[Parked] = ()
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)  # <service>.<table> at the end
    mails: Sequence[Mail] = ()
    now: str = ""  # business time at the end, as the rows have it
    tokens: frozenset[str] = frozenset()  # of unsubscribing: whoever has one may use it
    canary: str = ""  # part of every name and address that was entered
    poison: str = ""  # part of every bad record
    told: Mapping[str, int] = field(default_factory=dict)  # file or page: lines that hold one of the two
    traces: Mapping[str, int] = field(default_factory=dict)  # <service>.<table>: rows with an address of who is gone
    confided: Mapping[str, int] = field(default_factory=dict)  # the same: rows with what was said in confidence
    characteristics: Mapping[str, int] = field(default_factory=dict)  # the same: rows with what somebody is
    looks: Sequence[Look] = ()  # by people at what there is of a member, by services at streams

    def said_on(self, stream: str) -> dict[str, list[Said]]:
        """What was said on a stream, by subject, in order."""
        found: dict[str, list[Said]] = {}
        for its in self.said:
            if its.stream == stream:
                found.setdefault(its.subject, []).append(its)
        return found

    def consumers(self) -> dict[str, str]:
        """The topic that each consumer hears."""
        return {consumer: topic for consumer, topic, _ in self.offsets}

    def gone(self) -> set[str]:
        """The members who left or are to be forgotten."""
        names = {"MemberLeft", "MemberErasureRequested"}
        return {its.subject for its in self.said if its.service == "members" and its.name in names}

    def erased(self) -> set[str]:
        return {its.subject for its in self.said if its.name == "MemberErasureRequested"}
