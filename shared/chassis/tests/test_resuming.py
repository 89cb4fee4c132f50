from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import resuming
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.resuming import FailedAgain, HasNoPlace, NotTheFirst
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.testing import Delivery, deliver, said
from contracts.members import MemberContactChanged, MemberGradeChanged, MemberJoined, MemberLeft
from contracts.refusal import NotFound
from testkit.examples import contact, joined, left, promoted

OPERATOR = UUID(int=99)


class Service:
    """A service whose reaction to a change of grade has a bug until it is mended."""

    def __init__(self, store: Database, projection: str | None = None) -> None:
        self.store, self.mended, self.done = store, False, list[str]()
        self.fails_on_leaving = False
        self.subscription = Subscription(
            "gse.members",
            {MemberJoined: self.note, MemberGradeChanged: self.change_grade, MemberLeft: self.leave},
            projection,
        )
        consumer = Consumer("test", self.subscription, store, Metrics())
        self.consumers = {consumer.name: consumer}

    async def note(self, event: Any, _tx: Transaction) -> None:
        self.done.append(event.event_name)

    async def change_grade(self, event: MemberGradeChanged, tx: Transaction) -> None:
        if not self.mended:
            raise ZeroDivisionError
        await self.note(event, tx)

    async def leave(self, event: MemberLeft, tx: Transaction) -> None:
        if self.fails_on_leaving:
            raise ZeroDivisionError
        await self.note(event, tx)

    async def hear(self, *deliveries: Delivery) -> None:
        await deliver(self.store, "test", self.subscription, *deliveries)

    async def parked(self) -> dict[str, int]:
        async with self.store.transaction() as tx:
            rows = await tx.fetch(
                "SELECT id, kind, sequence FROM parked WHERE discarded_at IS NULL AND consumer = $1",
                self.subscription.consumer("test"),
            )
        return {f"{row['kind']} {row['sequence']}": row["id"] for row in rows}

    async def retry(self, parked_id: int) -> None:
        await resuming.retry(self.store, self.consumers, parked_id)

    async def discard(self, parked_id: int) -> None:
        await resuming.discard(self.store, self.consumers, parked_id, by=OPERATOR, why="a test")


@pytest.fixture
async def service(store: Database) -> Service:
    service = Service(store)
    await service.hear(said(joined(), 1), said(promoted(), 2), said(left(), 3))
    service.done.clear()
    return service


async def test_a_retry_runs_what_was_stuck_and_what_waits_behind_it(service: Service) -> None:
    service.mended = True
    await service.retry((await service.parked())["stuck 2"])
    assert service.done == ["MemberGradeChanged", "MemberLeft"]
    assert await service.parked() == {}


async def test_a_retry_that_fails_again_changes_nothing(service: Service) -> None:
    before = await service.parked()
    with pytest.raises(FailedAgain, match="It failed again: MemberGradeChanged: ZeroDivisionError"):
        await service.retry(before["stuck 2"])
    assert await service.parked() == before


async def test_what_waits_is_not_retried_before_what_it_waits_for(service: Service) -> None:
    with pytest.raises(NotTheFirst, match="It waits for number 2 of its subject"):
        await service.retry((await service.parked())["waiting 3"])


async def test_a_discard_lets_the_followers_go_on_and_keeps_who_and_why(service: Service) -> None:
    parked = await service.parked()
    await service.discard(parked["stuck 2"])
    assert service.done == ["MemberLeft"]
    async with service.store.transaction() as tx:
        rows = await tx.fetch("SELECT sequence, discarded_by, discarded_why FROM parked")
    assert [tuple(row) for row in rows] == [(2, OPERATOR, "a test")]


async def test_a_repeat_of_what_was_discarded_is_dropped(service: Service) -> None:
    await service.discard((await service.parked())["stuck 2"])
    service.mended = True
    await service.hear(said(promoted(), 2))
    assert service.done == ["MemberLeft"]


async def test_after_a_retry_the_live_consumer_goes_on_by_itself(service: Service) -> None:
    service.mended = True
    await service.retry((await service.parked())["stuck 2"])
    await service.hear(said(joined(), 4))
    assert service.done == ["MemberGradeChanged", "MemberLeft", "MemberJoined"]


async def test_a_fork_and_a_record_without_a_place_can_only_be_discarded(service: Service) -> None:
    await service.hear(said(joined(), 1, event_id=uuid4()), Delivery(b"nobody", [], b"{}"))
    parked = await service.parked()
    for kind in ("fork 1", "alone None"):
        with pytest.raises(HasNoPlace):
            await service.retry(parked[kind])
        await service.discard(parked[kind])
    assert set(await service.parked()) == {"stuck 2", "waiting 3"}


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    with pytest.raises(NotFound):
        await service.retry(4711)


async def test_a_follower_that_fails_too_holds_up_neither_a_retry_nor_a_discard(store: Database) -> None:
    for by_hand in ("retry", "discard"):
        service = Service(store, by_hand)
        await service.hear(said(joined(), 1), said(promoted(), 2), said(left(), 3), said(joined(), 4))
        service.fails_on_leaving = service.mended = True
        parked = await service.parked()
        await (service.retry if by_hand == "retry" else service.discard)(parked["stuck 2"])
        assert set(await service.parked()) == {"stuck 3", "waiting 4"}


async def test_on_a_compacted_stream_an_older_record_cannot_come_back_over_a_newer_one(store: Database) -> None:
    kept: list[str] = []
    mended: list[bool] = []

    async def keep(event: MemberContactChanged, _tx: Transaction) -> None:
        if not mended:
            raise ZeroDivisionError
        kept.append(event.email)

    consumer = Consumer("test", Subscription("gse.members.contacts", {MemberContactChanged: keep}), store, Metrics())
    await deliver(
        store,
        "test",
        consumer.subscription,
        said(contact(email="old@example.org"), 1),
        said(contact(email="new@example.org"), 2),
    )
    mended.append(True)
    async with store.transaction() as tx:
        older, newer = [row["id"] for row in await tx.fetch("SELECT id FROM parked ORDER BY sequence")]
    consumers = {consumer.name: consumer}
    await resuming.retry(store, consumers, newer)
    with pytest.raises(NotFound):
        await resuming.retry(store, consumers, older)
    assert kept == ["new@example.org"]


async def test_what_was_discarded_keeps_no_body(service: Service) -> None:
    await service.discard((await service.parked())["stuck 2"])
    async with service.store.transaction() as tx:
        assert await tx.fetchval("SELECT value FROM parked") is None
