"""Naive ways to hear a stream, each put in the place of one function of the chassis in a process of its own."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaMessage

from chassis import offsets, outbox
from chassis.batch import Batch, Culprit
from chassis.consumer import Consumer, as_record
from chassis.database import Database, Transaction
from chassis.envelope import Envelope
from chassis.hearing import Hearing
from chassis.kafka import topic_of
from chassis.ordering import Line, Verdict
from chassis.parked import Record
from contracts.base import DomainEvent
from gse_platform.prove.mutants.placing import put, shipped

TTL = 2.0  # seconds that an id is remembered; elsewhere it is minutes, and repeats come later still
RETRY = 1.5  # seconds after which a retry topic gives back what failed


def default_acks() -> None:
    """1: a subscriber as the first page of the manual has it: the offset moves on before the record is handled."""
    put("chassis.running:subscribe", partial(_subscribe, options={}))


def acks_at_the_end() -> None:
    """2: acknowledges by hand, last. What raised is passed over, and the next acknowledgement commits past it."""
    put("chassis.running:subscribe", partial(_subscribe, options={"ack_policy": AckPolicy.MANUAL}))


def tasks_in_the_handler() -> None:
    """9: hands each record to a task of its own, to be quick, and acknowledges."""
    put("chassis.running:subscribe", partial(_subscribe, options={"ack_policy": AckPolicy.MANUAL}, in_a_task=True))


def begins_at_the_latest() -> None:
    """11: a group without offsets begins at the end of its stream, which is the client's default."""
    put("chassis.running:subscribe", partial(_subscribe, options={"ack_policy": AckPolicy.MANUAL}, begins="latest"))


def dedupes_in_memory() -> None:
    """7: drops the ids that this process has seen lately, and looks at no number."""
    seen: dict[UUID, float] = {}

    def decide(_line: Line, _sequence: int, event_id: UUID) -> Verdict:
        now = time.monotonic()
        lately = now - seen.get(event_id, -TTL) < TTL
        seen[event_id] = now
        return Verdict.REPEAT if lately else Verdict.APPLY

    put("chassis.batch:decide", decide)
    put("chassis.batch:decide_newest", decide)


def progress_apart_from_effects() -> None:
    """8: notes in one transaction that the events are handled, and makes their effects in the next."""
    waiting: list[tuple[Batch, DomainEvent, Envelope]] = []

    async def note(its: Batch, _index: int, record: Record, envelope: Envelope) -> bool:
        event = its.subscription.read(envelope.type, record.value)
        if event is not None:
            waiting.append((its, event, envelope))
            its.applied.append(record.recorded_at)
        return True

    commit = shipped("chassis.consumer:Consumer._commit")

    async def commit_twice(its: Consumer, records: list[Record], park: Any) -> list[Record]:
        left: list[Record] = await commit(its, records, park)
        async with its.database.transaction(collects=True) as tx:
            for its_batch, event, envelope in waiting:
                await _react(its_batch, event, envelope, tx)
            waiting.clear()
            await outbox.flush(tx)
        return left

    put("chassis.batch:Batch._react", note)
    put("chassis.consumer:Consumer._commit", commit_twice)


def retries_elsewhere() -> None:
    """10: what failed goes to a retry topic, and what follows it in its subject is not held back.

    The topic is a task that waits: its record comes back a moment later, behind others, as a topic's would.
    """
    react = shipped("chassis.batch:Batch._react")
    database: list[Database] = []
    later: set[asyncio.Task[None]] = set()
    commit = shipped("chassis.consumer:Consumer._commit")

    async def remember(its: Consumer, records: list[Record], park: Any) -> list[Record]:
        database[:] = [its.database]
        left: list[Record] = await commit(its, records, park)
        return left

    async def come_back(its: Batch, record: Record, envelope: Envelope) -> None:
        await asyncio.sleep(RETRY)
        event = its.subscription.read(envelope.type, record.value)
        if event is not None:
            async with database[0].transaction(collects=True) as tx:
                await _react(its, event, envelope, tx)
                await outbox.flush(tx)

    async def send_away(its: Batch, index: int, record: Record, envelope: Envelope) -> bool:
        try:
            done: bool = await react(its, index, record, envelope)
        except Culprit:
            task = asyncio.create_task(come_back(its, record, envelope))
            later.add(task)
            task.add_done_callback(later.discard)
            return True
        return done

    put("chassis.batch:Batch._react", send_away)
    put("chassis.consumer:Consumer._commit", remember)


class Alone(Batch):
    """One record, whose offset stands with Kafka."""

    async def save(self) -> None:
        await self._run_collected()
        await offsets.save_progress(self.tx, self.consumer, {its: self.lines[its] for its in self.moved})


class OnKafkasOffsets(Hearing):
    """Goes on from what Kafka keeps; nothing is sought."""

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        self.consumer.expected.clear()
        self.assigned = None

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.assigned = frozenset(assigned)
        self.consumer.expected.update(dict.fromkeys(self.assigned, 0))

    async def tick(self) -> None:
        pass


def _subscribe(
    broker: Any,
    settings: Any,
    consumer: Consumer,
    metrics: Any,
    *,
    options: dict[str, Any],
    begins: str = "earliest",
    in_a_task: bool = False,
) -> Hearing:
    """A record at a time, as its group has it in Kafka: the reactions, their transaction and the outbox are ours."""
    hearing = OnKafkasOffsets(consumer, metrics)
    tasks: set[asyncio.Task[None]] = set()
    subscriber = broker.subscriber(
        topic_of(settings, consumer.subscription.stream),
        group_id=f"{settings.topic_prefix}{consumer.name}",
        group_instance_id=f"{consumer.name}-{settings.replica}",
        auto_offset_reset=begins,
        parser=_untouched,
        decoder=_record,
        no_reply=True,
        listener=hearing,
        **options,
    )

    async def handle(record: Any, message: KafkaMessage) -> None:
        if in_a_task:
            task = asyncio.create_task(_handle(consumer, record))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:
            await _handle(consumer, record)
        if options:
            await message.ack()

    subscriber(handle)
    hearing.subscriber = subscriber
    return hearing


async def _handle(consumer: Consumer, delivered: Any) -> None:
    record = as_record(delivered)
    async with consumer.database.transaction(collects=True) as tx:
        its = Alone(consumer.subscription, consumer.name, tx, {})
        await its.run([record])
        await outbox.flush(tx)
    # How far it is stands in the store for whoever looks; nothing is read from there.
    async with consumer.database.transaction() as tx:
        place = (record.topic, record.partition)
        there = await offsets.stored(tx, consumer.name, [place])
        await offsets.save(tx, consumer.name, {place: max(record.offset + 1, there.get(place, 0))})


async def _react(its: Batch, event: DomainEvent, envelope: Envelope, tx: Transaction) -> None:
    """The service's reaction to one event, alone or as a set of one."""
    tx.cause = shipped("chassis.batch:_cause")(envelope)
    if type(event) in its.subscription.in_sets:
        tx.event_ids = {envelope.subject: envelope.event_id}
        await its.subscription.in_sets[type(event)]([event], tx)
        tx.event_ids = {}
    else:
        await its.subscription.reactions[type(event)](event, tx)


async def _untouched(record: Any, original: Any) -> Any:
    message = await original(replace(record, headers=(), key=None, value=b""))
    message.raw_message = record
    return message


async def _record(message: Any) -> Any:
    return message.raw_message
