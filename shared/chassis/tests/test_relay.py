import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from chassis import outbox, relay
from chassis.database import Database
from chassis.relay import LostLead, Relay
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics
from contracts.base import DomainEvent
from contracts.members import MemberContactChanged
from testkit.addresses import KafkaAddress
from testkit.cluster import make_topics, settle
from testkit.eventually import eventually
from testkit.examples import ADA, BEN, contact, joined, left, promoted
from testkit.records import Record, read_all


@contextlib.asynccontextmanager
async def relaying(settings: ServiceSettings, store: Database, replica: str = "0") -> AsyncIterator[Relay]:
    its = Relay("members", settings.model_copy(update={"replica": replica}), store, Metrics())
    store.on_said.append(its.wake)
    task = asyncio.create_task(its.run())
    try:
        yield its
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def say(store: Database, *events: DomainEvent | outbox.Tombstone) -> None:
    async with store.transaction() as tx:
        await outbox.put(tx, *events)


async def backlog(store: Database) -> int:
    async with store.transaction() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM outbox"))


async def is_empty(store: Database) -> bool:
    return await backlog(store) == 0


def sequences(records: list[Record]) -> list[tuple[str, str]]:
    headers = [attributes(record) for record in records]
    return [(its["ce_type"].split(".")[-2], its["ce_sequence"]) for its in headers]


def attributes(record: Record) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


async def test_what_was_said_is_on_its_streams_in_order(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined(), contact())
    await say(store, promoted())
    await say(store, left(), outbox.Tombstone(MemberContactChanged, ADA))
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))

    internal = await read_all(kafka, f"{topic_prefix}gse.members")
    public = await read_all(kafka, f"{topic_prefix}gse.members.public")
    contacts = await read_all(kafka, f"{topic_prefix}gse.members.contacts")
    in_order = [("MemberJoined", "1"), ("MemberGradeChanged", "2"), ("MemberLeft", "3")]
    assert sequences(internal) == in_order
    assert sequences(public) == in_order
    assert [record.value is None for record in contacts] == [False, True]
    assert sequences(contacts) == [("MemberContactChanged", "1"), ("MemberContactChanged", "2")]


async def test_a_record_is_a_cloud_event_keyed_by_its_subject(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined())
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))

    [record] = await read_all(kafka, f"{topic_prefix}gse.members")
    assert record.key == str(ADA).encode()
    headers = attributes(record)
    UUID(headers.pop("ce_id"))
    UUID(headers.pop("ce_correlationid"))
    datetime.fromisoformat(headers.pop("ce_time"))
    assert headers.pop("traceparent").startswith("00-")
    assert headers == {
        "ce_dataclassification": "internal",
        "ce_dataschema": "https://gse.example/schemas/members/MemberJoined.v1.json",
        "ce_sequence": "1",
        "ce_source": "urn:gse:members",
        "ce_specversion": "1.0",
        "ce_subject": str(ADA),
        "ce_type": "uk.gov.gse.members.MemberJoined.v1",
        "content-type": "application/json",
    }


async def test_a_public_record_tells_nothing_that_joins_streams(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined())
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))

    [internal] = await read_all(kafka, f"{topic_prefix}gse.members")
    [public] = await read_all(kafka, f"{topic_prefix}gse.members.public")
    headers = attributes(public)
    assert not {"ce_correlationid", "ce_causationid", "traceparent"} & set(headers)
    assert headers["ce_id"] != attributes(internal)["ce_id"]
    assert "." not in headers["ce_time"]
    assert public.timestamp % 1000 == 0
    assert headers["ce_dataclassification"] == "public"
    assert public.value == f'{{"member_id":"{ADA}","organisation":"UKHSA","grade_band":"HEO-SEO"}}'.encode()


async def test_sent_rows_are_kept_in_the_event_log_and_personal_ones_are_not(
    settings: ServiceSettings, store: Database
) -> None:
    await say(store, joined(), contact())
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))

    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT type, sequence, body FROM event_log")
        elsewhere = await tx.fetchval("SELECT count(*) FROM event_log_other_months")
    assert [(row["type"], row["sequence"]) for row in rows] == [("uk.gov.gse.members.MemberJoined.v1", 1)]
    assert elsewhere == 0


async def test_the_largest_bodies_of_one_subject_go_in_as_many_batches_as_kafka_takes(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    for _ in range(60):
        await say(store, promoted())
    async with store.transaction() as tx:
        await tx.execute("UPDATE outbox SET body = rpad('', $1, 'x'), public_body = rpad('', $1, 'x')", 64 * 1024)
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))

    internal = await read_all(kafka, f"{topic_prefix}gse.members")
    public = await read_all(kafka, f"{topic_prefix}gse.members.public")
    in_order = [("MemberGradeChanged", str(number)) for number in range(1, 61)]
    assert (sequences(internal), sequences(public)) == (in_order, in_order)
    assert {len(record.value or b"") for record in internal + public} == {64 * 1024}


async def test_nothing_overtakes_what_kafka_refuses(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    internal = f"{topic_prefix}gse.members"
    _bound_batches_of(kafka, internal, 200_000)  # a full batch of one subject is larger, the rest of it is not
    await say(store, *(promoted() for _ in range(600)))
    async with relaying(settings, store) as its:
        await eventually(lambda: _failed(its, times=2))
        assert await read_all(kafka, internal) == []
        _bound_batches_of(kafka, internal, 1_000_000)
        await eventually(lambda: is_empty(store))

    seen = list(dict.fromkeys(int(number) for _, number in sequences(await read_all(kafka, internal))))
    assert seen == list(range(1, 601))


async def _failed(its: Relay, *, times: int) -> bool:
    return (its.metrics.registry.get_sample_value("relay_failures_total") or 0) >= times


def _bound_batches_of(kafka: KafkaAddress, topic: str, size: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = AdminClient(kafka.confluent())
    for answer in client.incremental_alter_configs([resource]).values():
        answer.result(30)


async def test_a_relay_stopped_again_and_again_loses_nothing_and_keeps_the_order(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    subjects = [UUID(int=number) for number in range(1, 21)]

    async def write() -> None:
        for _ in range(200):
            await say(store, *(promoted(subject) for subject in subjects))

    writing = asyncio.create_task(write())
    turns = 0
    while not (writing.done() and await backlog(store) == 0):
        turns += 1
        with contextlib.suppress(TimeoutError):
            # Longer each time: on a busy machine a short life may carry nothing.
            async with relaying(settings, store), asyncio.timeout(0.2 + turns / 100):
                await asyncio.shield(writing)
                await eventually(lambda: is_empty(store))
        assert turns < 200, "it does not come to an end"
    await writing

    seen: dict[bytes | None, list[int]] = {}
    for record in await read_all(kafka, f"{topic_prefix}gse.members"):
        number, of_subject = int(attributes(record)["ce_sequence"]), seen.setdefault(record.key, [])
        if number not in of_subject:
            of_subject.append(number)
    assert len(seen) == 20
    assert all(numbers == list(range(1, 201)) for numbers in seen.values())
    assert turns > 1


async def test_one_replica_leads_and_the_next_follows_at_once_when_it_stops(
    settings: ServiceSettings, store: Database
) -> None:
    async with relaying(settings, store, "a") as first:
        await eventually(lambda: _leads(first))
        async with relaying(settings, store, "b") as second:
            await say(store, joined(ADA))
            await eventually(lambda: is_empty(store))
            assert not await _leads(second)
        async with store.transaction() as tx:
            assert await tx.fetchval("SELECT holder FROM relay_lease") == "members-a"
    async with relaying(settings, store, "b"):
        await say(store, joined(BEN))
        await eventually(lambda: is_empty(store))


async def _leads(its: Relay) -> bool:
    return its.metrics.registry.get_sample_value("relay_leading") == 1


async def test_a_leader_of_an_older_epoch_marks_nothing(store: Database) -> None:
    await say(store, joined())
    async with store.transaction() as tx:
        await tx.execute("UPDATE relay_lease SET holder = 'members-b', epoch = 7, expires_at = now() + interval '5 s'")
        row_id = await tx.fetchval("SELECT id FROM outbox")
    with pytest.raises(LostLead):
        await relay._mark(store, 6, [row_id], {})
    assert await backlog(store) == 1


async def test_a_database_older_than_its_streams_refuses_to_send(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined())
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))
    async with store.transaction() as tx:  # as a backup from before would have it
        await tx.execute("TRUNCATE event_log, subject_counter, relay_position")

    await say(store, joined(BEN))
    async with relaying(settings, store) as its:
        sentence = await eventually(lambda: _refusal(its))
    assert sentence == (
        "2 records on the streams are unknown to this database: it is older; "
        "follow “A store was restored” in deploy/README.md"
    )
    assert len(await read_all(kafka, f"{topic_prefix}gse.members")) == 1


async def test_a_stream_that_ends_before_what_was_sent_is_refused(settings: ServiceSettings, store: Database) -> None:
    async with store.transaction() as tx:
        await tx.execute("INSERT INTO relay_position VALUES ($1, 3, 41)", f"{settings.topic_prefix}gse.members")

    async with relaying(settings, store) as its:
        sentence = await eventually(lambda: _refusal(its))
    assert sentence == (
        f"{settings.topic_prefix}gse.members ends at 0 and we have sent up to 41: the stream was lost or recreated; "
        "follow “A stream was lost or recreated” in deploy/README.md"
    )


async def test_streams_that_are_not_there_are_told_until_they_are(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    elsewhere = settings.model_copy(update={"topic_prefix": f"{topic_prefix}later."})
    client = AdminClient(kafka.confluent())
    names = [f"{elsewhere.topic_prefix}{name}" for name in ("gse.members", "gse.members.public")]
    async with relaying(elsewhere, store) as its:
        trouble = await eventually(lambda: its.trouble, timeout=20)
        make_topics(client, [NewTopic(name, 1) for name in names])
        await say(store, joined())
        await eventually(lambda: is_empty(store), timeout=30)
        assert its.trouble is None
    settle(client.delete_topics(names))
    assert trouble == (
        f"{names[0]} does not exist, or this service may not read it: compare both by `./gse kafka plan`"
    )


async def _refusal(its: Relay) -> str | None:
    return its.refusal
