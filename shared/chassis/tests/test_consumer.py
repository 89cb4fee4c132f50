import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.subscription import Subscription
from chassis.testing import Delivery, Outcome, deliver, said
from contracts.members import MemberContactChanged, MemberGradeChanged, MemberJoined, MemberLeft
from testkit.examples import ADA, BEN, contact, joined, left, promoted

Effects = Callable[[], Awaitable[list[tuple[str, UUID]]]]


class Bug(Exception):  # noqa: N818 - it stands for any mistake of ours
    pass


@pytest.fixture
async def effects(store: Database) -> Effects:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE effect (place serial, what text, who uuid)")

    async def read() -> list[tuple[str, UUID]]:
        async with store.transaction() as tx:
            rows = await tx.fetch("SELECT what, who FROM effect ORDER BY place")
        return [(row["what"], row["who"]) for row in rows]

    return read


async def note(event: Any, tx: Transaction) -> None:
    await tx.execute("INSERT INTO effect (what, who) VALUES ($1, $2)", event.event_name, event.member_id)


MEMBERS = Subscription("gse.members", {MemberJoined: note, MemberGradeChanged: note, MemberLeft: note})


async def parked(store: Database) -> list[tuple[str, str]]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT kind, reason FROM parked WHERE discarded_at IS NULL ORDER BY id")
    return [(row["kind"], row["reason"]) for row in rows]


async def test_an_event_is_applied_once_however_often_it_comes(store: Database, effects: Effects) -> None:
    first = await deliver(store, "test", MEMBERS, said(joined(), 1))
    second = await deliver(store, "test", MEMBERS, said(joined(), 1), said(joined(), 1))

    assert first == Outcome(applied=1, repeats=0, parked=0)
    assert second == Outcome(applied=0, repeats=2, parked=0)
    assert await effects() == [("MemberJoined", ADA)]


async def test_what_comes_too_early_waits_for_what_is_missing(store: Database, effects: Effects) -> None:
    await deliver(store, "test", MEMBERS, said(left(), 3))
    await deliver(store, "test", MEMBERS, said(promoted(), 2))
    assert await effects() == []

    await deliver(store, "test", MEMBERS, said(joined(), 1))

    assert await effects() == [("MemberJoined", ADA), ("MemberGradeChanged", ADA), ("MemberLeft", ADA)]
    assert await parked(store) == []


async def test_hole_and_filling_in_one_batch_are_applied_in_order(store: Database, effects: Effects) -> None:
    await deliver(store, "test", MEMBERS, said(left(), 3), said(promoted(), 2), said(joined(), 1), said(left(), 3))

    assert await effects() == [("MemberJoined", ADA), ("MemberGradeChanged", ADA), ("MemberLeft", ADA)]
    assert await parked(store) == []


async def test_another_event_under_the_last_number_is_parked_as_a_fork(store: Database, effects: Effects) -> None:
    await deliver(store, "test", MEMBERS, said(joined(), 1))
    outcome = await deliver(store, "test", MEMBERS, said(left(), 1, event_id=uuid4()))

    assert outcome.parked == 1
    assert await effects() == [("MemberJoined", ADA)]
    assert await parked(store) == [("fork", "another event has this number")]


async def test_a_fork_of_what_waits_in_the_same_batch_is_parked_and_the_true_one_applied(
    store: Database, effects: Effects
) -> None:
    await deliver(
        store,
        "test",
        MEMBERS,
        said(promoted(), 2),
        said(left(), 2, event_id=uuid4()),
        said(joined(), 1),
    )

    assert await effects() == [("MemberJoined", ADA), ("MemberGradeChanged", ADA)]
    assert await parked(store) == [("fork", "another event has this number")]


async def test_types_without_a_reaction_are_passed_and_count(store: Database, effects: Effects) -> None:
    subscription = Subscription("gse.members", {MemberJoined: note, MemberLeft: note})
    await deliver(store, "test", subscription, said(joined(), 1), said(promoted(), 2), said(left(), 3))

    assert await effects() == [("MemberJoined", ADA), ("MemberLeft", ADA)]


async def test_a_reaction_that_always_raises_is_parked_and_holds_back_its_subject_alone(
    store: Database, effects: Effects
) -> None:
    tries = 0

    async def fail(_event: MemberGradeChanged, tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        await note(_event, tx)
        raise Bug("Ada Lovelace is a name and does not belong in a reason")

    subscription = Subscription("gse.members", {MemberJoined: note, MemberGradeChanged: fail, MemberLeft: note})
    outcome = await deliver(
        store,
        "test",
        subscription,
        said(joined(), 1),
        said(promoted(), 2),
        said(left(), 3),
        said(joined(BEN), 1),
    )

    assert tries == 4  # once with the others, and three times as the first
    assert outcome == Outcome(applied=2, repeats=0, parked=2)
    assert await effects() == [("MemberJoined", ADA), ("MemberJoined", BEN)]
    assert await parked(store) == [
        ("stuck", "MemberGradeChanged: Bug"),
        ("waiting", "waiting for number 2"),
    ]


async def test_a_waiting_event_that_raises_when_its_turn_comes_is_parked_itself(
    store: Database, effects: Effects
) -> None:
    async def fail(_event: MemberGradeChanged, _tx: Transaction) -> None:
        raise Bug

    subscription = Subscription("gse.members", {MemberJoined: note, MemberGradeChanged: fail, MemberLeft: note})
    await deliver(store, "test", subscription, said(left(), 3), said(promoted(), 2), said(joined(), 1))

    assert await effects() == [("MemberJoined", ADA)]
    assert sorted(await parked(store)) == [
        ("stuck", "MemberGradeChanged: Bug"),
        ("waiting", "waiting for number 1"),
    ]


async def test_a_conflict_is_run_again_and_never_parks(store: Database, effects: Effects) -> None:
    conflicts = iter([True] * 7)

    async def meet_another(event: MemberJoined, tx: Transaction) -> None:
        if next(conflicts, False):
            raise asyncpg.DeadlockDetectedError
        await note(event, tx)

    subscription = Subscription("gse.members", {MemberJoined: meet_another})
    outcome = await deliver(store, "test", subscription, said(joined(), 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)


async def test_what_reactions_say_is_written_once_with_its_causes(store: Database) -> None:
    async def answer(event: MemberJoined, tx: Transaction) -> None:
        await outbox.put(tx, promoted(event.member_id))

    subscription = Subscription("gse.members", {MemberJoined: answer})
    one, two = said(joined(ADA), 1), said(joined(BEN), 1)
    await deliver(store, "test", subscription, one, two)

    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT subject, sequence, causation_id FROM outbox ORDER BY id")
    ids = [UUID((dict(delivery.headers)["ce_id"] or b"").decode()) for delivery in (one, two)]
    assert [tuple(row) for row in rows] == [(ADA, 1, ids[0]), (BEN, 1, ids[1])]


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"value": b"{not json"}, "stuck", "the body is no MemberJoined: body: json_invalid"),
        ({"value": b"\xff\xfe"}, "stuck", "the body is no MemberJoined: body: json_invalid"),
        ({"value": b'{"member_id": "Ada"}'}, "stuck", "the body is no MemberJoined: member_id: uuid_parsing; "),
        ({"value": None}, "stuck", "MemberJoined without a body"),
        ({"value": b" " * 1_000_000}, "stuck", "a body above 65536 bytes"),
        ({"key": None}, "alone", "the key is not the id of a subject"),
        ({"key": b"ada@example.org"}, "alone", "the key is not the id of a subject"),
        ({"key": b"\xff"}, "alone", "the key is not the id of a subject"),
        ({"header": ("ce_sequence", None)}, "alone", "ce_sequence is missing or is not a number from 1"),
        ({"header": ("ce_sequence", b"0")}, "alone", "ce_sequence is missing or is not a number from 1"),
        ({"header": ("ce_sequence", b"9" * 5000)}, "alone", "ce_sequence is missing or is not a number from 1"),
        ({"header": ("ce_sequence", "²".encode())}, "alone", "ce_sequence is missing or is not a number from 1"),
        ({"header": ("ce_id", b"\xff")}, "alone", "ce_id is missing or is not a UUID"),
        ({"header": ("ce_subject", b"")}, "alone", "ce_subject is missing or is not the key"),
        ({"header": ("ce_type", None)}, "stuck", "ce_type is no type of this stream"),
        ({"header": ("ce_type", b"uk.gov.gse.events.EventHosted.v1")}, "stuck", "ce_type is no type of this stream"),
        (
            {"header": ("ce_type", b"uk.gov.gse.members.MemberJoined.v9")},
            "stuck",
            "a version of MemberJoined that this service does not know",
        ),
    ],
)
async def test_a_bad_record_is_parked_with_a_reason_and_the_good_ones_go_on(
    store: Database, effects: Effects, change: dict[str, Any], kind: str, reason: str
) -> None:
    await deliver(store, "test", MEMBERS, _changed(said(joined(), 1), **change), said(joined(BEN), 1))

    [(its_kind, its_reason)] = await parked(store)
    assert its_kind == kind
    assert its_reason.startswith(reason)
    assert "Ada" not in its_reason
    assert await effects() == [("MemberJoined", BEN)]


def _changed(delivery: Delivery, *, header: tuple[str, bytes | None] | None = None, **parts: bytes | None) -> Delivery:
    headers = [pair for pair in delivery.headers if header is None or pair[0] != header[0]]
    return replace(delivery, headers=[*headers, *([header] if header else [])], **parts)


async def test_a_compacted_stream_takes_the_newest_and_passes_tombstones(store: Database, effects: Effects) -> None:
    addresses = []

    async def keep(event: MemberContactChanged, _tx: Transaction) -> None:
        addresses.append(event.email)

    contacts = Subscription("gse.members.contacts", {MemberContactChanged: keep})
    await deliver(store, "test", contacts, said(contact(email="third@example.org"), 3))
    await deliver(store, "test", contacts, said(contact(email="first@example.org"), 1))
    await deliver(store, "test", contacts, said(outbox.Tombstone(MemberContactChanged, ADA), 4))

    assert addresses == ["third@example.org"]
    assert await parked(store) == []


async def test_a_projection_has_progress_of_its_own(store: Database, effects: Effects) -> None:
    await deliver(store, "test", MEMBERS, said(joined(), 1))
    again = replace(MEMBERS, projection="figures")
    outcome = await deliver(store, "test", again, said(joined(), 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)


async def test_an_outage_is_waited_out_and_nothing_is_parked(
    store: Database, database_url: str, effects: Effects
) -> None:
    async def lose_the_connection(event: MemberJoined, tx: Transaction) -> None:
        if not fell:
            fell.append(True)
            await tx.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        await note(event, tx)

    fell: list[bool] = []
    subscription = Subscription("gse.members", {MemberJoined: lose_the_connection})
    with pytest.raises(AssertionError, match="handled up to 0 of 1"):
        await deliver(store, "test", subscription, said(joined(), 1))
    outcome = await deliver(store, "test", subscription, said(joined(), 1))

    assert outcome == Outcome(applied=1, repeats=0, parked=0)
    assert await parked(store) == []


async def test_two_replicas_on_the_same_records_have_one_effect(store: Database, effects: Effects) -> None:
    outcomes = await asyncio.gather(
        *(deliver(store, "test", MEMBERS, said(joined(), 1), said(left(), 2)) for _ in range(2)),
        return_exceptions=True,
    )

    assert await effects() == [("MemberJoined", ADA), ("MemberLeft", ADA)]
    assert sum(isinstance(outcome, Outcome) and outcome.applied == 2 for outcome in outcomes) == 1
