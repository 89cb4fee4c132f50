"""One transaction's work on some records of one stream: each placed in its subject's order, and its reaction run.

The caller holds the offset rows of the records' partitions, so nobody else works on their subjects.

Events whose type reacts in sets are collected while they come one after the other, of one type and each of another
subject; before any other reaction, and at the end, the set is run. So effects keep the order of the stream.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import offsets, parked
from chassis.causes import Cause, new_cause
from chassis.database import Transaction, is_transient
from chassis.envelope import Envelope
from chassis.ordering import Line, Verdict, decide, decide_newest
from chassis.parked import Kind, Record
from chassis.subscription import CannotRead, Subscription
from chassis.telemetry import logger
from contracts.base import DomainEvent

BATCH_SECONDS = 0.05
log = logger(__name__)

Place = tuple[UUID, int]  # a subject and a number


class Culprit(Exception):  # noqa: N818 - named for what it points at
    """A reaction raised, or a body could not be read: which record of the batch, and which event."""

    def __init__(self, index: int, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.index, self.place, self.reason = index, place, reason


@dataclass(slots=True)
class Heard:
    """An event that has a reaction, and which record of the batch brought it."""

    index: int
    envelope: Envelope
    event: DomainEvent

    def culprit(self, error: Exception) -> Culprit:
        place = (self.envelope.subject, self.envelope.sequence)
        return Culprit(self.index, place, f"{self.event.event_name}: {type(error).__name__}")


@dataclass
class Batch:
    """One transaction's work on some records of one stream."""

    subscription: Subscription
    consumer: str
    tx: Transaction
    park: dict[Place, str]  # what to set aside instead of trying it, and why
    given_up: frozenset[UUID] = frozenset()  # events that an operator discarded, when all is heard again
    lines: dict[UUID, Line] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)
    collecting: type[DomainEvent] | None = None
    collected: dict[UUID, Heard] = field(default_factory=dict)  # of that type, by subject
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    applied: list[datetime] = field(default_factory=list)
    repeats: int = 0
    gaps: int = 0
    parked: Counter[str] = field(default_factory=Counter)

    async def run(self, records: Sequence[Record]) -> int:
        """Handle records in their order until the batch's time is up; gives how many. Raises `Culprit`."""
        subjects = {its.envelope.subject for its in records if isinstance(its.envelope, Envelope)}
        self.lines = await load_lines(self.tx, self.consumer, subjects)
        begun, handled = time.monotonic(), 0
        for index, record in enumerate(records):
            envelope = record.envelope
            if isinstance(envelope, Envelope):
                await self._place(index, record, envelope)
            else:
                await self._set_aside(record, None, "alone", envelope.reason)
            self.next_offsets[record.topic, record.partition] = record.offset + 1
            handled += 1
            if time.monotonic() - begun > BATCH_SECONDS:
                break
        await self.save()
        return handled

    async def save(self) -> None:
        """Run what is collected, then write the progress of the subjects that moved and the next offsets.

        Raises `Culprit`.
        """
        await self._run_collected()
        moved = {subject: self.lines[subject] for subject in self.moved}
        await offsets.save_progress(self.tx, self.consumer, moved)
        await offsets.save(self.tx, self.consumer, self.next_offsets)

    async def _place(self, index: int, record: Record, envelope: Envelope) -> None:
        line = self.lines[envelope.subject]
        newest = self.subscription.compacted
        verdict = (decide_newest if newest else decide)(line, envelope.sequence, envelope.event_id)
        if verdict is Verdict.REPEAT:
            self.repeats += 1
        elif verdict is Verdict.FORK:
            log.error("two events under one number", consumer=self.consumer, subject=str(envelope.subject))
            line.forked = True
            await self._set_aside(record, envelope, "fork", "another event has this number")
        elif verdict is Verdict.WAIT:
            self.gaps += not (line.waiting or line.stuck)
            # In the table first: a later record of this very batch may fill the hole.
            await self._set_aside(record, envelope, "waiting", f"waiting for number {line.last_sequence + 1}")
            line.waiting[envelope.sequence] = envelope.event_id
        else:
            await self.apply(index, record, envelope)

    async def apply(self, index: int, record: Record, envelope: Envelope) -> None:
        """The reaction to the next event of its subject, and to those that waited for it. Raises `Culprit`."""
        line = self.lines[envelope.subject]
        if not await self._react(index, record, envelope):
            line.stuck[envelope.sequence] = envelope.event_id
            return
        await self.go_on(index, envelope)

    async def go_on(self, index: int, envelope: Envelope) -> None:
        """The event is done with: its line moves on, and what waited for it follows. Raises `Culprit`."""
        line = self.lines[envelope.subject]
        if self.subscription.compacted and (line.stuck or line.forked):
            await parked.drop_older(self.tx, self.consumer, envelope.subject, envelope.sequence)
        line.apply(envelope.sequence, envelope.event_id)
        self.moved.add(envelope.subject)
        while (following := line.follower()) is not None:
            waiting = await parked.take(self.tx, self.consumer, envelope.subject, following)
            its = waiting.envelope
            if not isinstance(its, Envelope):
                raise TypeError("a waiting record lost its place")
            if not await self._react(index, waiting, its):
                line.waiting.pop(following)
                line.stuck[following] = its.event_id
                return
            line.apply(following, its.event_id)

    async def _react(self, index: int, record: Record, envelope: Envelope) -> bool:
        """Run the reaction; False when the event was set aside instead."""
        if envelope.event_id in self.given_up:
            return True
        place = (envelope.subject, envelope.sequence)
        if place in self.park:
            await self._set_aside(record, envelope, "stuck", self.park[place])
            return False
        try:
            event = self.subscription.read(envelope.type, record.value)
        except CannotRead as error:
            await self._set_aside(record, envelope, "stuck", str(error))
            return False
        if event is None:
            return True
        if envelope.subject in self.collected or type(event) is not self.collecting:
            await self._run_collected()
        its = Heard(index, envelope, event)
        if type(event) in self.subscription.in_sets:
            self.collecting = type(event)
            self.collected[envelope.subject] = its
        else:
            await self._run(its)
        self.applied.append(record.recorded_at)
        return True

    async def _run(self, its: Heard) -> None:
        self.tx.cause = _cause(its.envelope)
        try:
            await self.subscription.reactions[type(its.event)](its.event, self.tx)
        except Exception as error:
            if is_transient(error):
                raise
            self._log(its, error)
            raise its.culprit(error) from None

    async def _run_collected(self) -> None:
        """A set of one names its culprit; the consumer halves a batch until a larger one has become that."""
        if self.collecting is None or not self.collected:
            return
        collected = list(self.collected.values())
        self.collected = {}
        self.tx.event_ids = {its.envelope.subject: its.envelope.event_id for its in collected}
        try:
            await self.subscription.in_sets[self.collecting]([its.event for its in collected], self.tx)
        except Exception as error:
            if is_transient(error) or len(collected) > 1:
                raise
            self._log(collected[0], error)
            raise collected[0].culprit(error) from None
        self.tx.event_ids = {}

    def _log(self, its: Heard, error: Exception) -> None:
        subject = str(its.envelope.subject)
        log.error("a reaction failed", consumer=self.consumer, type=its.envelope.type, subject=subject, exc_info=error)

    async def _set_aside(self, record: Record, envelope: Envelope | None, kind: Kind, reason: str) -> None:
        place: dict[str, Any] = {}
        if envelope is not None:
            place = {
                "subject": envelope.subject,
                "sequence": envelope.sequence,
                "event_id": envelope.event_id,
                "type_name": envelope.type[:200],
            }
        if await parked.park(self.tx, self.consumer, record, kind=kind, reason=reason, **place):
            self.parked[kind] += 1


async def load_lines(tx: Transaction, consumer: str, subjects: set[UUID]) -> dict[UUID, Line]:
    """Where each subject stands. The caller holds the offset rows of their partitions."""
    lines = {subject: Line() for subject in subjects}
    for row in await offsets.progress_of(tx, consumer, subjects):
        lines[row["subject"]].last_sequence = row["last_sequence"]
        lines[row["subject"]].last_event_id = row["last_event_id"]
    for row in await parked.of_subjects(tx, consumer, subjects):
        line = lines[row["subject"]]
        if row["kind"] == "fork":
            line.forked = True
        else:
            (line.waiting if row["kind"] == "waiting" else line.stuck)[row["sequence"]] = row["event_id"]
    return lines


def _cause(envelope: Envelope) -> Cause:
    if envelope.correlation_id and envelope.traceparent:
        return Cause(envelope.correlation_id, envelope.traceparent, envelope.event_id)
    fresh = new_cause(envelope.traceparent)
    return Cause(envelope.correlation_id or fresh.correlation_id, fresh.traceparent, envelope.event_id)
