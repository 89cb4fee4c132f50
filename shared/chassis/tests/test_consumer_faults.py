"""What goes wrong beneath a consumer: nothing may be lost, blamed on an innocent, or stand still for ever."""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis import offsets, outbox
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.envelope import Envelope, Unreadable, open_record
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.testing import Delivery, Outcome, deliver, said
from contracts.members import MemberContactChanged, MemberGradeChanged, MemberJoined, MemberLeft
from testkit.examples import ADA, BEN, contact, joined, left, promoted

TOPIC = "gse.members"
FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)


class Bug(Exception):  # noqa: N818 - it stands for any mistake of ours
    pass


@dataclass
class TwoPartitions:
    """A double of aiokafka's consumer that was given two partitions and stands behind what it delivered."""

    stands_at: dict[TopicPartition, int]
    sought: list[tuple[int, int]] = field(default_factory=list)

    def assignment(self) -> set[TopicPartition]:
        return set(self.stands_at)

    async def position(self, partition: TopicPartition) -> int:
        return self.stands_at[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition.partition, offset))


def record(partition: int, offset: int, its: Delivery) -> ConsumerRecord[Any, Any]:
    headers = cast("list[tuple[str, bytes]]", its.headers)
    return ConsumerRecord(TOPIC, partition, offset, 0, 0, its.key, its.value, None, 0, 0, headers)


async def standing(store: Database) -> list[tuple[str, int | None]]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT kind, sequence FROM parked WHERE discarded_at IS NULL ORDER BY id")
    return [(row["kind"], row["sequence"]) for row in rows]


async def test_a_bug_beside_a_restored_partition_steps_over_nothing(store: Database) -> None:
    applied: list[UUID] = []

    async def fail_for_ben(event: MemberJoined, _tx: Transaction) -> None:
        if event.member_id == BEN:
            raise Bug
        applied.append(event.member_id)

    consumer = Consumer("test", Subscription(TOPIC, {MemberJoined: fail_for_ben}), store, Metrics())
    async with store.transaction() as tx:
        await offsets.begin(tx, consumer.name, [(TOPIC, 0), (TOPIC, 1)])
    consumer.expected.update({FIRST: 10, SECOND: 0})  # the store, restored, says 0 for both
    kafka = TwoPartitions({FIRST: 13, SECOND: 1})
    records = [record(0, number, said(joined(UUID(int=number)), 1)) for number in (10, 11, 12)]
    records.append(record(1, 0, said(joined(BEN), 1)))

    await consumer.handle(cast("AIOKafkaConsumer", kafka), records)

    assert applied == []
    assert consumer.expected == {FIRST: 0, SECOND: 0}
    assert (0, 0) in kafka.sought


async def test_a_statement_that_takes_too_long_is_an_outage_and_parks_nothing(store: Database) -> None:
    slow = [True] * 5

    async def ask(_event: MemberJoined, tx: Transaction) -> None:
        if slow:
            slow.pop()
            await tx.connection.execute("SELECT pg_sleep(5)", timeout=0.05)

    subscription = Subscription(TOPIC, {MemberJoined: ask})
    with pytest.raises(AssertionError, match="handled up to 0 of 1"):
        await deliver(store, "test", subscription, said(joined(), 1))
    slow.clear()
    assert await deliver(store, "test", subscription, said(joined(), 1)) == Outcome(applied=1, repeats=0, parked=0)


async def test_a_reaction_that_breaks_the_transaction_unseen_is_parked_and_the_others_go_on(store: Database) -> None:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE seat (who uuid PRIMARY KEY)")
        await tx.execute("INSERT INTO seat (who) VALUES ($1)", ADA)

    async def take_a_seat(event: MemberJoined, tx: Transaction) -> None:
        try:
            await tx.execute("INSERT INTO seat (who) VALUES ($1)", event.member_id)
        except asyncpg.UniqueViolationError:
            return  # a mistake: PostgreSQL takes no further statement of this transaction

    subscription = Subscription(TOPIC, {MemberJoined: take_a_seat})
    outcome = await deliver(
        store,
        "test",
        subscription,
        said(joined(UUID(int=1)), 1),
        said(joined(ADA), 1),
        said(joined(BEN), 1),
        said(promoted(ADA), 2),
    )
    assert outcome == Outcome(applied=2, repeats=0, parked=2)
    assert await standing(store) == [("stuck", 1), ("waiting", 2)]


async def test_what_is_refused_at_the_commit_is_parked_and_the_others_go_on(store: Database) -> None:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE seat (who uuid UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    async def take_a_seat(event: MemberJoined, tx: Transaction) -> None:
        await tx.execute("INSERT INTO seat (who) VALUES ($1)", event.member_id)
        if event.member_id == ADA:
            await tx.execute("INSERT INTO seat (who) VALUES ($1)", event.member_id)

    subscription = Subscription(TOPIC, {MemberJoined: take_a_seat})
    outcome = await deliver(store, "test", subscription, said(joined(ADA), 1), said(joined(BEN), 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=1)
    assert await standing(store) == [("stuck", 1)]


async def test_on_a_compacted_stream_a_newest_record_that_fails_is_kept(store: Database) -> None:
    async def fail(_event: MemberContactChanged, _tx: Transaction) -> None:
        raise Bug

    contacts = Subscription("gse.members.contacts", {MemberContactChanged: fail})
    await deliver(store, "test", contacts, said(contact(), 1), said(contact(), 2))

    assert await standing(store) == [("stuck", 1), ("stuck", 2)]


async def test_on_a_compacted_stream_a_tombstone_takes_what_was_parked_of_its_subject(store: Database) -> None:
    async def keep(_event: MemberContactChanged, _tx: Transaction) -> None:
        pass

    contacts = Subscription("gse.members.contacts", {MemberContactChanged: keep})
    await deliver(store, "test", contacts, said(contact(), 1), said(contact(), 1, event_id=uuid4()))
    assert await standing(store) == [("fork", 1)]

    await deliver(store, "test", contacts, said(outbox.Tombstone(MemberContactChanged, ADA), 2))
    assert await standing(store) == []


async def test_a_follower_with_a_bug_of_its_own_does_not_hold_up_what_fills_the_hole(store: Database) -> None:
    async def fail(_event: Any, _tx: Transaction) -> None:
        raise Bug

    async def pass_by(_event: Any, _tx: Transaction) -> None:
        pass

    subscription = Subscription(TOPIC, {MemberJoined: pass_by, MemberGradeChanged: fail, MemberLeft: pass_by})
    await deliver(store, "test", subscription, said(promoted(), 2), said(left(), 3))
    outcome = await deliver(store, "test", subscription, said(joined(), 1))

    assert outcome.applied == 1
    assert sorted(await standing(store)) == [("stuck", 2), ("waiting", 3)]


@pytest.mark.parametrize(
    "spelling",
    [
        "5F0C954E-2D68-4DF6-9A3F-0C2B9C7A0001",
        "5f0c954e2d684df69a3f0c2b9c7a0001",
        "{5f0c954e-2d68-4df6-9a3f-0c2b9c7a0001}",
        "urn:uuid:5f0c954e-2d68-4df6-9a3f-0c2b9c7a0001",
        "5f0c954e-2d68-4df6-9a3f-0c2b9c7a0001\n",
    ],
)
def test_a_subject_and_an_id_have_one_spelling(spelling: str) -> None:
    subject = UUID("5f0c954e-2d68-4df6-9a3f-0c2b9c7a0001")
    its = said(joined(subject), 1)
    same = [pair for pair in its.headers if pair[0] != "ce_subject"]
    other = [pair for pair in its.headers if pair[0] != "ce_id"]
    text = spelling.encode()

    assert isinstance(open_record(its.key, its.headers), Envelope)
    assert isinstance(open_record(text, its.headers), Unreadable)
    assert isinstance(open_record(its.key, [*same, ("ce_subject", text)]), Unreadable)
    assert isinstance(open_record(its.key, [*other, ("ce_id", text)]), Unreadable)
