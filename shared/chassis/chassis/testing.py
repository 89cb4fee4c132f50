"""For tests of reactions: events delivered to a service's subscription on a real database, without a broker.

    await deliver(database, "mentoring", app.MEMBERS, said(joined, 1))
    await deliver(database, "mentoring", app.MEMBERS, said(joined, 1), said(left, 2))    # the first is a repeat

What a broker does is proved on a real one elsewhere; here it is a double that hands over records and is sought.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis import offsets
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.envelope import headers_of
from chassis.outbox import Tombstone
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from contracts.base import DomainEvent

PARTITION = 0


@dataclass(frozen=True)
class Delivery:
    """A record on its way: its place in the partition is given to it by `deliver`."""

    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True)
class Outcome:
    """What became of one call of `deliver`."""

    applied: int
    repeats: int
    parked: int


@dataclass
class KafkaDouble:
    """A double of aiokafka's consumer: it stands after what it has delivered and remembers where it was sought."""

    partition: TopicPartition
    stands_at: int
    sought: list[int] = field(default_factory=list)

    def assignment(self) -> Collection[TopicPartition]:
        return {self.partition}

    async def position(self, _partition: TopicPartition) -> int:
        return self.stands_at

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)


def said(event: DomainEvent | Tombstone, sequence: int, *, event_id: UUID | None = None) -> Delivery:
    """The record of an event. The same event under the same number has the same id, unless another is given."""
    kind = event.of if isinstance(event, Tombstone) else type(event)
    headers = headers_of(
        event_id=event_id or uuid5(NAMESPACE_OID, f"{kind.type_name()} {event.subject} {sequence}"),
        type=kind.type_name(),
        service=kind.service,
        subject=event.subject,
        sequence=sequence,
        occurred_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
        dataschema=f"urn:test:{kind.schema_name()}",
        dataclassification=kind.visibility,
        correlation_id=uuid4(),
    )
    body = None if isinstance(event, Tombstone) else event.body().encode()
    return Delivery(str(event.subject).encode(), list(headers), body)


async def deliver(database: Database, service: str, subscription: Subscription, *deliveries: Delivery) -> Outcome:
    """Deliver records in this order, after all that was delivered before, until every one is committed."""
    partition = TopicPartition(subscription.stream, PARTITION)
    metrics = Metrics()
    consumer = Consumer(service, subscription, database, metrics)
    async with database.transaction() as tx:
        stored = await offsets.begin(tx, consumer.name, [(subscription.stream, PARTITION)])
    first = stored[subscription.stream, PARTITION]
    records = [_record(subscription.stream, first + place, delivery) for place, delivery in enumerate(deliveries)]
    consumer.expected[partition] = first
    kafka = KafkaDouble(partition, first + len(records))
    await consumer.handle(cast("AIOKafkaConsumer", kafka), records)
    if consumer.expected[partition] != first + len(records):
        raise AssertionError(f"handled up to {consumer.expected[partition]} of {first + len(records)}; see the log")
    return Outcome(
        applied=_value(metrics, "events_applied_total", consumer=consumer.name),
        repeats=_value(metrics, "duplicates_dropped_total", consumer=consumer.name),
        parked=sum(
            _value(metrics, "events_parked_total", consumer=consumer.name, kind=kind)
            for kind in ("waiting", "stuck", "fork", "alone")
        ),
    )


def _record(topic: str, offset: int, delivery: Delivery) -> ConsumerRecord[Any, Any]:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    key, value = delivery.key, delivery.value
    headers = cast("list[tuple[str, bytes]]", delivery.headers)  # a null one does arrive, whatever the type says
    return ConsumerRecord(
        topic, PARTITION, offset, now_ms, 0, key, value, None, len(key or b""), len(value or b""), headers
    )


def _value(metrics: Metrics, name: str, **labels: str) -> int:
    return int(metrics.registry.get_sample_value(name, labels) or 0)
