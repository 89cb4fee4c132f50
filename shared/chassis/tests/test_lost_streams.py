"""Streams that Kafka lost, on a real broker: their topics are deleted and made again while the database stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.lost_streams import CannotRebuild, hear_again, lost_streams, rebuild_streams
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.testing import deliver, said
from contracts.base import DomainEvent
from contracts.members import MemberContactChanged, MemberGradeChanged, MemberJoined
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import ADA, BEN, contact, joined, left, promoted
from testkit.provision import provision, remove_topics
from testkit.records import Record, read_all

SUBJECTS = [UUID(int=number) for number in range(1, 501)]


@contextlib.asynccontextmanager
async def relaying(settings: ServiceSettings, store: Database) -> AsyncIterator[Relay]:
    its = Relay("members", settings, store, Metrics())
    store.on_said.append(its.wake)
    task = asyncio.create_task(its.run())
    try:
        yield its
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def sent(settings: ServiceSettings, store: Database, *said_: DomainEvent | outbox.Tombstone) -> None:
    async with store.transaction() as tx:
        await outbox.put(tx, *said_)
    async with relaying(settings, store):
        await eventually(lambda: is_empty(store))


async def is_empty(store: Database) -> bool:
    async with store.transaction() as tx:
        return await tx.fetch("SELECT FROM outbox LIMIT 1") == []


async def lose(kafka: KafkaAddress, prefix: str) -> None:
    await asyncio.to_thread(remove_topics, kafka, prefix)
    await asyncio.to_thread(provision, kafka, prefix=prefix, principals=False)


async def only_ada_is_here(tx: Transaction, subjects: Sequence[UUID]) -> list[DomainEvent | outbox.Tombstone]:
    assert tx.now
    return [contact() if its == ADA else outbox.Tombstone(MemberContactChanged, its) for its in subjects]


def without_place(record: Record) -> tuple[object, ...]:
    return record.partition, record.timestamp, record.key, record.value, record.headers


def first_numbers(records: Sequence[Record]) -> dict[bytes, list[int]]:
    """The numbers of each subject in the order in which they first appear."""
    found: dict[bytes, list[int]] = {}
    for record in records:
        numbers, number = found.setdefault(record.key or b"", []), int(record.header("ce_sequence") or 0)
        if number not in numbers:
            numbers.append(number)
    return found


async def test_lost_streams_are_written_again_as_they_were_and_the_relay_goes_on(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await sent(settings, store, joined(), contact(), promoted(), joined(BEN), contact(BEN))
    await sent(settings, store, left(BEN), outbox.Tombstone(MemberContactChanged, BEN))
    streams = [f"{topic_prefix}gse.members", f"{topic_prefix}gse.members.public"]
    before = [[without_place(its) for its in await read_all(kafka, stream)] for stream in streams]
    heard: list[str] = []

    await lose(kafka, topic_prefix)
    assert await lost_streams("members", settings, store) == [
        "gse.members", "gse.members.public", "gse.members.contacts",
    ]  # fmt: skip
    records = await rebuild_streams("members", settings, store, only_ada_is_here, heard.append)

    assert (records, heard) == (
        8,
        [
            "members: 4 of 4 events written",
            "2 newest personal records will be sent with what waits",
            "gse.members, gse.members.public, gse.members.contacts: rebuilt with 8 records",
        ],
    )
    assert [[without_place(its) for its in await read_all(kafka, stream)] for stream in streams] == before
    await sent(settings, store, promoted())
    assert first_numbers(await read_all(kafka, streams[0]))[str(ADA).encode()] == [1, 2, 3]
    contacts = await read_all(kafka, f"{topic_prefix}gse.members.contacts")
    assert {(its.key, its.header("ce_sequence"), its.value is None) for its in contacts} == {
        (str(ADA).encode(), "2", False),
        (str(BEN).encode(), "3", True),
    }


async def test_nothing_is_rebuilt_while_nothing_is_lost(settings: ServiceSettings, store: Database) -> None:
    await sent(settings, store, joined())

    with pytest.raises(CannotRebuild) as refused:
        await rebuild_streams("members", settings, store, only_ada_is_here, lambda _: None)
    assert str(refused.value) == "The streams of members hold all that was sent. There is nothing to rebuild."


async def test_one_that_was_cut_short_is_still_lost_and_the_next_begins_at_the_first_record(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    for _ in range(5):
        await sent(settings, store, *(promoted(subject) for subject in SUBJECTS))
    await lose(kafka, topic_prefix)

    for _ in range(2):  # together they write more records than were sent
        with pytest.raises(KeyboardInterrupt):
            await rebuild_streams("members", settings, store, None, cut_short)
        async with relaying(settings, store) as its:
            await eventually(lambda: refusal(its))
        assert "gse.members" in await lost_streams("members", settings, store)
    await rebuild_streams("members", settings, store, None, lambda _: None)

    for stream in ("gse.members", "gse.members.public"):
        records = await read_all(kafka, f"{topic_prefix}{stream}")
        assert first_numbers(records) == {str(its).encode(): [1, 2, 3, 4, 5] for its in SUBJECTS}
        assert len(records) == 2_000 + 2_000 + 2_500
    await sent(settings, store, promoted(SUBJECTS[0]))


async def refusal(its: Relay) -> str | None:
    return its.refusal


def cut_short(_line: str) -> None:
    raise KeyboardInterrupt


async def test_a_stream_that_somebody_went_on_writing_after_its_loss_is_refused(
    settings: ServiceSettings, store: Database, kafka: KafkaAddress, topic_prefix: str
) -> None:
    await sent(settings, store, joined())
    async with relaying(settings, store):  # it leads, and so does not look again
        await lose(kafka, topic_prefix)
        async with store.transaction() as tx:
            await outbox.put(tx, promoted())
        await eventually(lambda: is_empty(store))
    async with store.transaction() as tx:  # more was lost than one record
        await tx.execute("UPDATE relay_position SET next_offset = next_offset + 5")

    with pytest.raises(CannotRebuild) as refused:
        await rebuild_streams("members", settings, store, None, lambda _: None)
    assert str(refused.value).endswith(
        "holds records that do not begin at the first of their subject, and they would stay before what is written "
        "now: delete the topic, make it again, and run this once more."
    )


async def grade_is_heard(event: MemberGradeChanged, tx: Transaction) -> None:
    await tx.execute("INSERT INTO idempotency_key VALUES (uuid_send($1), '', 0, $1, now())", event.member_id)


async def joining_is_a_bug(event: MemberJoined, tx: Transaction) -> None:
    raise ValueError


GRADES = Subscription("gse.members", {MemberGradeChanged: grade_is_heard})
BUGS = Subscription("gse.members", {MemberJoined: joining_is_a_bug})


async def test_who_hears_a_stream_again_does_nothing_twice_and_its_parked_records_stay_once(store: Database) -> None:
    settings = ServiceSettings(database_url="unused", kafka_bootstrap="unused", http_port=0, token_keys=Path("unused"))
    first, second, later = said(joined(), 1), said(promoted(), 2), said(joined(BEN), 1)
    await deliver(store, "mentoring", BUGS, first, second)
    await deliver(store, "events", GRADES, first, second)
    before = await parked(store)

    assert await hear_again(settings, store, ["gse.members", "gse.members.public"]) == 2
    # A record that was not heard before stands at an offset where another one was parked.
    await deliver(store, "mentoring", BUGS, later, first, second)
    again = await deliver(store, "events", GRADES, first, second)

    assert before == [(ADA, 1, "stuck"), (ADA, 2, "waiting")]
    assert await parked(store) == [(ADA, 1, "stuck"), (ADA, 2, "waiting"), (BEN, 1, "stuck")]
    assert (again.applied, again.repeats) == (0, 2)


async def parked(store: Database) -> list[tuple[UUID, int, str]]:
    async with store.transaction() as tx:
        return [tuple(row) for row in await tx.fetch("SELECT subject, sequence, kind FROM parked ORDER BY id")]
