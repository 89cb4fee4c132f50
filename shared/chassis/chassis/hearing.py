"""Brings a stream to its consumer: FastStream polls, `Consumer` handles, neither does the other's work.

What FastStream 0.7 would do on its own is switched off, since each was measured to lose or double records:
- its parser decodes headers and body, and a bad one stops the partition: it sees one empty copy, we get the records;
- its acknowledgements commit whatever was polled, and a refusal seeks without delay: `committed` is set first;
- aiokafka assigns before it tells: partitions are paused at once, and a task loads the stored offsets, seeks, resumes;
- after a question in vain it sleeps as long again, whatever comes meanwhile: it is never handed nothing.
Kafka's own offsets are committed for lag tools, within a second of a change; nothing is ever read from them.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.message import AckStatus
from faststream.security import BaseSecurity, SASLScram256, SASLScram512

from chassis import offsets
from chassis.consumer import Consumer
from chassis.database import Conflict, Database, Outage
from chassis.kafka import tls_of, topic_of
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics, logger

GRACE_SECONDS = 20.0  # above the longest batch
TICK_SECONDS = 1.0
TELL_SECONDS = 10.0  # after which Kafka is told the same again: only so does it show that it refuses
ASK_MS = 500  # for which Kafka keeps a question that it has nothing for; what is sought anew meanwhile waits for it
CALM_ASK_MS = 2_000  # the same, when nothing has come for a moment
CALM_AFTER_MS = 2_000
REJOIN_TICKS = 5
RECORDS = 500  # of one delivery at most
REFUSALS = 10  # of as many ticks; fewer are a group that is changing
LATE_SECONDS = 20.0  # for the reactions of one transaction, which take 50 ms
LOST_SECONDS = 60.0  # the same, above the longest that the store itself may keep a statement
METADATA_MS = 15_000  # after which a stream that was made meanwhile is seen; Kafka's own default is five minutes
RUNBOOK = "follow “A stream was lost or recreated” in deploy/README.md"
log = logger(__name__)


@dataclass
class Hearing(ConsumerRebalanceListener):
    """One subscription as this replica hears it: its place in the group, and how far behind it is."""

    consumer: Consumer
    metrics: Metrics
    subscriber: Any = None  # FastStream's, set by `subscribe`
    assigned: frozenset[TopicPartition] | None = None  # None: not in the group yet
    refusals: int = 0  # commits that Kafka refused in a row; one that goes unanswered is none
    refused_as: str = ""  # the class of the last one
    late_after: float = LATE_SECONDS
    lost_after: float = LOST_SECONDS
    _seeking: asyncio.Task[None] | None = None
    _stopping: bool = False
    _without: int = 0  # ticks in a row
    _told: dict[TopicPartition, int] = field(default_factory=dict)  # what Kafka has taken last
    _told_at: float = 0.0
    _level_at: float = field(default_factory=time.monotonic)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        """Let the batch come to an end; nothing new begins while the group changes."""
        if self._seeking is not None:
            self._seeking.cancel()
        self.consumer.hurry = True
        await self.consumer.idle.wait()
        self.consumer.expected.clear()
        self.consumer.hurry = self._stopping
        self.assigned = None

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause, and go on from the stored offsets. Not awaited here: an outage must not hold up the group."""
        self.assigned = frozenset(assigned)
        self._level_at = time.monotonic()
        if self.assigned and self.kafka is not None:
            _ask_for(self.kafka, ASK_MS)
            self.kafka.pause(*self.assigned)
            if self._stopping:
                return
            self._seeking = asyncio.create_task(self._seek(self.kafka, self.assigned))

    def _ask_for_a_share(self) -> None:
        """Given nothing, ask now and then whether that is still so; who leads the group shares out anew.

        Kafka hands a replica that comes back under its name what it had before. Where that was nothing, since the
        stream was away, nobody would look again. A standby asks in vain, and disturbs nobody.
        """
        self._without = self._without + 1 if self.assigned == frozenset() else 0
        if self.kafka is not None and self._without % REJOIN_TICKS == REJOIN_TICKS - 1:
            coordinator: Any = self.kafka._coordinator  # noqa: SLF001 - nothing public asks for it
            coordinator.request_rejoin()

    async def _seek(self, kafka: AIOKafkaConsumer, assigned: frozenset[TopicPartition]) -> None:
        while True:
            try:
                async with self.consumer.database.transaction() as tx:
                    stored = await offsets.begin(tx, self.consumer.name, [(tp.topic, tp.partition) for tp in assigned])
                break
            except (Outage, Conflict):
                await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter
            except Exception:
                log.exception("the stored offsets could not be read", consumer=self.consumer.name)
                await asyncio.sleep(1)
        for partition in assigned:
            kafka.seek(partition, stored[partition.topic, partition.partition])
        self.consumer.expected.update({TopicPartition(*at): offset for at, offset in stored.items()})
        kafka.resume(*assigned)

    @property
    def kafka(self) -> AIOKafkaConsumer | None:
        """The aiokafka consumer behind the subscription; None before the start."""
        return self.subscriber.consumer if self.subscriber is not None else None

    @property
    def ready(self) -> bool:
        """In the group, and reading every partition it was given (a standby was given none)."""
        return self.assigned is not None and self.assigned <= set(self.consumer.expected)

    @property
    def trouble(self) -> str | None:
        """Why this replica does not hear its stream; None when it does. Kafka's being away is no reason."""
        return self._kept_from_asking or self._kept_from_handling

    @property
    def _kept_from_asking(self) -> str | None:
        if self._stream_is_hidden:
            return "its stream does not exist, or it may not read it: compare both by `./gse kafka plan`"
        if not self.ready:
            return "it has no partitions yet: Kafka is away or refuses it, and the log says which"
        if self._has_ended:
            return "it has ended asking for records: restart this replica"
        return None

    @property
    def _kept_from_handling(self) -> str | None:
        if self.consumer.trying_seconds > self.late_after:
            return "a reaction does not come back: see what it waits for; a restart ends it"
        if self.refusals >= REFUSALS:
            return f"Kafka refuses it in its group ({self.refused_as}): compare its rights by `./gse kafka plan`"
        if any(self._end_of(partition) < offset for partition, offset in self.consumer.expected.items()):
            return f"its stream ends before what it has heard: the stream was lost or recreated; {RUNBOOK}"
        return None

    @property
    def lost(self) -> bool:
        """Whether nothing but a restart will help."""
        return self._has_ended or self.consumer.trying_seconds > self.lost_after

    @property
    def _has_ended(self) -> bool:
        """FastStream's asking of aiokafka, or aiokafka's of Kafka: neither is begun again by itself."""
        tasks = self.subscriber.tasks if self.subscriber is not None else []
        fetcher: Any = self.kafka._fetcher if self.kafka is not None else None  # noqa: SLF001 - nothing public tells
        fetching_ended = fetcher is not None and fetcher._fetch_task.done()  # noqa: SLF001
        return fetching_ended or (bool(tasks) and all(task.done() for task in tasks))

    @property
    def _stream_is_hidden(self) -> bool:
        """As Kafka told last; a consumer that is given nothing of a stream that is there is a standby."""
        if self.refusals >= REFUSALS and self.refused_as == TopicAuthorizationFailedError.__name__:
            return True
        if self.kafka is None or self.assigned is None:
            return False
        return not all(self.kafka.partitions_for_topic(topic) for topic in self.kafka.subscription())

    def _end_of(self, partition: TopicPartition) -> float:
        end = self.kafka.highwater(partition) if self.kafka is not None else None
        return float("inf") if end is None else int(end)

    @property
    def lag_records(self) -> int | None:
        """Records on the stream that are not handled here; None while unknown."""
        if self.kafka is None or not self.ready:
            return None
        ends = {partition: self.kafka.highwater(partition) for partition in self.consumer.expected}
        if any(end is None for end in ends.values()):
            return None
        return sum(max(0, int(ends[partition]) - offset) for partition, offset in self.consumer.expected.items())

    @property
    def lag_seconds(self) -> float:
        """How long ago it was last level with its stream; 0 when it is level now."""
        if self.lag_records != 0:
            return time.monotonic() - self._level_at
        self._level_at = time.monotonic()
        return 0.0

    async def stop(self) -> None:
        """Let the batch come to an end, and take no further one."""
        self.consumer.hurry = self._stopping = True
        if self._seeking is not None:
            self._seeking.cancel()
        await self.consumer.idle.wait()
        self.consumer.expected.clear()

    async def tick(self) -> None:
        """Once a second: show the lag, and tell Kafka where we are, for its own tools."""
        self._ask_for_a_share()
        lag = self.lag_records
        if lag is not None:
            self.metrics.lag_records.labels(self.consumer.name).set(lag)
        self.metrics.lag_seconds.labels(self.consumer.name).set(self.lag_seconds)
        if self.kafka is not None and self.ready and self._has_to_tell:
            told = dict(self.consumer.expected)
            try:
                # While Kafka is away aiokafka asks again without end, and nothing else may wait for that.
                async with asyncio.timeout(TICK_SECONDS):
                    await self.kafka.commit(told)
            except TimeoutError:
                log.info("lag tools are not told", consumer=self.consumer.name, why="no answer")
            except KafkaError as error:
                self.refusals, self.refused_as = self.refusals + 1, type(error).__name__
                log.info("lag tools are not told", consumer=self.consumer.name, why=type(error).__name__)
            else:
                self.refusals, self._told, self._told_at = 0, told, time.monotonic()

    @property
    def _has_to_tell(self) -> bool:
        """Whether Kafka does not know where we are, or may have forgotten, or has refused to know."""
        if not self.consumer.expected:
            return False
        news = self.consumer.expected != self._told or self.refusals > 0
        return news or time.monotonic() - self._told_at >= TELL_SECONDS

    def rests(self) -> bool:
        """Whether it has handled all that its stream holds, and nothing is in hand."""
        return self.ready and self.lag_records == 0 and bool(self.consumer.expected) and self.consumer.idle.is_set()


async def look_at_the_store(database: Database, hearings: Iterable[Hearing]) -> None:
    """Where nothing comes: a store that was restored meanwhile is followed now, not at the next record."""
    resting = {its.consumer.name: (its.consumer, its.kafka, its.consumer.deliveries) for its in hearings if its.rests()}
    if not resting:
        return
    async with database.transaction(one_statement=True) as tx:
        stored = await offsets.all_stored(tx, resting)
    for name, (consumer, kafka, deliveries) in resting.items():
        # After a batch that came in between the consumer knows better.
        if kafka is not None and consumer.deliveries == deliveries:
            consumer.follow_the_store(kafka, stored.get(name, {}))


def subscribe(broker: KafkaBroker, settings: ServiceSettings, consumer: Consumer, metrics: Metrics) -> Hearing:
    """Make the broker poll a stream for a consumer. Nothing is polled before the broker is started."""
    hearing = Hearing(consumer, metrics)
    subscriber = broker.subscriber(
        topic_of(settings, consumer.subscription.stream),
        group_id=f"{settings.topic_prefix}{consumer.name}",
        # A replica that comes back under its name takes its partitions at once, not after the session's end.
        group_instance_id=f"{consumer.name}-{settings.replica}",
        batch=True,
        max_records=RECORDS,
        fetch_max_wait_ms=ASK_MS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        parser=_untouched,
        decoder=_records,
        no_reply=True,
        listener=hearing,
        rebalance_timeout_ms=30_000,
        session_timeout_ms=10_000,
    )

    @subscriber
    async def handle(records: Any, message: KafkaMessage) -> None:
        message.committed = AckStatus.ACKED
        kafka = hearing.kafka
        if kafka is not None:
            await consumer.handle(kafka, records)

    subscriber.get_msg = _something  # type: ignore[method-assign]
    hearing.subscriber = subscriber
    return hearing


async def _something(consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord[Any, Any], ...]:
    """What comes next, however long that takes. A stop cancels it, and what is wrong is raised."""
    while not (records := await consumer.getmany(timeout_ms=CALM_AFTER_MS, max_records=RECORDS)):
        _ask_for(consumer, CALM_ASK_MS)
    _ask_for(consumer, ASK_MS)
    return tuple(chain(*records.values()))


def _ask_for(consumer: AIOKafkaConsumer, milliseconds: int) -> None:
    """How long Kafka keeps each question from now on that it has nothing for."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 - nothing public sets either
    fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001
    fetcher._fetcher_timeout = milliseconds / 1000  # noqa: SLF001 - else it looks five times a second for what wakes it


async def _untouched(
    records: Sequence[ConsumerRecord[Any, Any]], original: Callable[[Any], Awaitable[KafkaMessage]]
) -> KafkaMessage:
    message = await original((replace(records[0], headers=(), key=None, value=b""),))
    message.raw_message = tuple(records)
    return message


async def _records(message: KafkaMessage) -> Any:
    return message.raw_message


def broker_of(settings: ServiceSettings, name: str) -> KafkaBroker:
    """The service's broker, which only listens: what is said goes through the outbox."""
    return KafkaBroker(
        settings.kafka_bootstrap,
        client_id=name,
        security=_security(settings),
        graceful_timeout=GRACE_SECONDS,
        metadata_max_age_ms=METADATA_MS,
        allow_auto_create_topics=False,
        consumer_only=True,  # else it opens a producer and an administrator too
        logger=logging.getLogger("faststream"),
    )


def _security(settings: ServiceSettings) -> BaseSecurity | None:
    if not settings.kafka_security_protocol.startswith("SASL"):
        return None
    scram = SASLScram512 if settings.kafka_sasl_mechanism == "SCRAM-SHA-512" else SASLScram256
    return scram(
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        ssl_context=tls_of(settings),
        use_ssl=settings.kafka_security_protocol == "SASL_SSL",
    )
