"""A database older than its streams takes up what it does not know, and its service speaks again."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from chassis import adopting, outbox
from chassis.adopting import CannotAdopt
from chassis.database import Database
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics
from contracts.base import DomainEvent
from contracts.members import Grade
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import ADA, BEN, contact, joined, left, promoted
from testkit.records import read_all

CAS = UUID("00000000-0000-4000-8000-00000000000c")
KEPT = ("outbox", "event_log", "subject_counter", "relay_position")


@contextlib.asynccontextmanager
async def relaying(settings: ServiceSettings, store: Database) -> AsyncIterator[Relay]:
    its = Relay("members", settings, store, Metrics())
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


async def send(settings: ServiceSettings, store: Database) -> None:
    """All that waits, until it is marked."""
    async with relaying(settings, store):
        await eventually(lambda: _is_empty(store), timeout=30)


async def _is_empty(store: Database) -> bool:
    async with store.transaction() as tx:
        return not await tx.fetchval("SELECT count(*) FROM outbox")


async def back_up(store: Database) -> None:
    async with store.transaction() as tx:
        for table in KEPT:
            await tx.execute(f"CREATE TABLE backup_of_{table} AS TABLE {table}")
        await tx.execute("CREATE TABLE backup_of_ids AS SELECT last_value FROM outbox_id")


async def restore(store: Database) -> None:
    async with store.transaction() as tx:
        for table in KEPT:
            await tx.execute(f"TRUNCATE {table}")
            await tx.execute(f"INSERT INTO {table} TABLE backup_of_{table}")
        await tx.execute("SELECT setval('outbox_id', last_value) FROM backup_of_ids")


async def numbers(kafka: KafkaAddress, topic: str) -> dict[UUID, list[tuple[str, str]]]:
    """Of each subject its numbers and names in the order of the stream, each event once; a fork would show twice."""
    found: dict[UUID, dict[str, tuple[str, str]]] = defaultdict(dict)
    for record in await read_all(kafka, topic):
        name = (record.header("ce_type") or "").split(".")[-2]
        its = (record.header("ce_sequence") or "", name)
        found[UUID((record.key or b"").decode())][record.header("ce_id") or ""] = its
    return {subject: list(events.values()) for subject, events in found.items()}


async def test_what_was_said_since_the_backup_is_taken_up_and_what_waits_follows_it(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined(ADA), contact(ADA))
    await send(settings, store)
    await back_up(store)
    await say(store, promoted(ADA), joined(BEN), contact(BEN))
    await send(settings, store)
    await restore(store)
    # Heard again or entered since, in ignorance of what was said: both have a number that is taken.
    await say(store, promoted(ADA, Grade.G7), joined(CAS), contact(ADA, "ada@other.example"))
    async with relaying(settings, store) as its:
        await eventually(lambda: its.refusal, timeout=30)

    found = await adopting.adopt("members", settings, store)

    assert {(its.name, its.subject) for its in found} == {("MemberGradeChanged", ADA), ("MemberJoined", BEN)}
    await send(settings, store)
    expected = {
        ADA: [("1", "MemberJoined"), ("2", "MemberGradeChanged"), ("3", "MemberGradeChanged")],
        BEN: [("1", "MemberJoined")],
        CAS: [("1", "MemberJoined")],
    }
    assert await numbers(kafka, f"{topic_prefix}gse.members") == expected
    assert await numbers(kafka, f"{topic_prefix}gse.members.public") == expected
    contacts = await numbers(kafka, f"{topic_prefix}gse.members.contacts")
    assert [number for number, _ in contacts[ADA]] == ["1", "2"]
    assert await adopting.adopt("members", settings, store) == []
    await say(store, left(BEN), left(ADA))
    await send(settings, store)
    assert (await numbers(kafka, f"{topic_prefix}gse.members"))[BEN] == [("1", "MemberJoined"), ("2", "MemberLeft")]
    assert (await numbers(kafka, f"{topic_prefix}gse.members.public"))[ADA][-1] == ("4", "MemberLeft")


async def test_the_event_log_holds_what_the_streams_hold_again(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await back_up(store)
    await say(store, joined(ADA), joined(BEN))
    await say(store, promoted(ADA))
    await send(settings, store)
    log = """
        SELECT event_id, stream, type, schema_name, subject, sequence, body, public_id, public_sequence, public_body,
            occurred_at, correlation_id, causation_id, traceparent, personal
        FROM event_log ORDER BY subject, sequence"""
    async with store.transaction() as tx:
        before = [tuple(row) for row in await tx.fetch(log)]
    await restore(store)

    await adopting.adopt("members", settings, store)

    async with store.transaction() as tx:
        assert [tuple(row) for row in await tx.fetch(log)] == before
    assert len(before) == 3


async def test_an_event_whose_public_record_never_got_out_is_told_in_public_now(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await say(store, joined(ADA))
    await send(settings, store)
    await back_up(store)
    async with store.transaction() as tx:  # the disk ends between the two records of one event
        await outbox.put(tx, promoted(ADA))
        await tx.execute("UPDATE outbox SET public_id = NULL, public_sequence = NULL, public_body = NULL")
    await send(settings, store)
    await restore(store)
    await say(store, left(ADA))

    [found] = await adopting.adopt("members", settings, store)

    assert (found.name, found.subject) == ("MemberGradeChanged", ADA)
    await send(settings, store)
    expected = [("1", "MemberJoined"), ("2", "MemberGradeChanged"), ("3", "MemberLeft")]
    assert (await numbers(kafka, f"{topic_prefix}gse.members"))[ADA] == expected
    assert (await numbers(kafka, f"{topic_prefix}gse.members.public"))[ADA] == expected


async def test_nothing_is_taken_up_while_a_relay_sends(settings: ServiceSettings, store: Database) -> None:
    async with relaying(settings, store) as its:
        await eventually(lambda: its.metrics.registry.get_sample_value("relay_leading") == 1, timeout=30)
        with pytest.raises(CannotAdopt, match="A relay of this service leads"):
            await adopting.adopt("members", settings, store)
