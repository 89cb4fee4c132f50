import asyncio
from uuid import UUID, uuid4

import pytest

from chassis import outbox
from chassis.causes import Cause
from chassis.database import Database
from contracts.members import MemberContactChanged
from testkit.examples import ADA, BEN, contact, joined, left, promoted


async def said(store: Database) -> list[tuple[str, UUID, int, int | None]]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT type, subject, sequence, public_sequence FROM outbox ORDER BY id")
    return [(row["type"].split(".")[-2], row["subject"], row["sequence"], row["public_sequence"]) for row in rows]


async def test_events_of_a_subject_are_numbered_from_1_by_stream(store: Database) -> None:
    async with store.transaction() as tx:
        await outbox.put(tx, joined(), contact())
    async with store.transaction() as tx:
        await outbox.put(tx, promoted())
    async with store.transaction() as tx:
        await outbox.put(tx, left(), outbox.Tombstone(MemberContactChanged, ADA))

    assert await said(store) == [
        ("MemberJoined", ADA, 1, 1),
        ("MemberContactChanged", ADA, 1, None),
        ("MemberGradeChanged", ADA, 2, 2),
        ("MemberLeft", ADA, 3, 3),
        ("MemberContactChanged", ADA, 2, None),
    ]


async def test_several_events_of_several_subjects_keep_the_order_in_which_they_were_said(store: Database) -> None:
    async with store.transaction() as tx:
        await outbox.put(tx, joined(BEN), joined(ADA), promoted(BEN), promoted(ADA), left(BEN))

    assert await said(store) == [
        ("MemberJoined", BEN, 1, 1),
        ("MemberJoined", ADA, 1, 1),
        ("MemberGradeChanged", BEN, 2, 2),
        ("MemberGradeChanged", ADA, 2, 2),
        ("MemberLeft", BEN, 3, 3),
    ]


async def test_a_rollback_takes_the_number_back(store: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await outbox.put(tx, joined())
            raise ZeroDivisionError
    async with store.transaction() as tx:
        await outbox.put(tx, joined())

    assert await said(store) == [("MemberJoined", ADA, 1, 1)]


async def test_a_second_put_raises(store: Database) -> None:
    with pytest.raises(outbox.SaidTooMuch):
        async with store.transaction() as tx:
            await outbox.put(tx, joined())
            await outbox.put(tx, promoted())

    assert await said(store) == []


async def test_a_body_above_the_bound_raises(store: Database) -> None:
    with pytest.raises(outbox.SaidTooMuch, match="MemberContactChanged: the body is above 65536 bytes"):
        async with store.transaction() as tx:
            await outbox.put(tx, contact(email="x" * 65536))


async def test_the_public_record_holds_public_fields_and_an_id_of_its_own(store: Database) -> None:
    async with store.transaction() as tx:
        await outbox.put(tx, joined())
    async with store.transaction() as tx:
        [row] = await tx.fetch("SELECT * FROM outbox")

    assert row["public_body"] == f'{{"member_id":"{ADA}","organisation":"UKHSA","grade_band":"HEO-SEO"}}'
    assert row["public_id"] != row["event_id"]


async def test_an_event_names_what_led_to_it(store: Database) -> None:
    event_id, correlation_id = uuid4(), uuid4()
    async with store.transaction() as tx:
        tx.cause = Cause(correlation_id, "00-" + "a" * 32 + "-" + "b" * 16 + "-01", event_id)
        await outbox.put(tx, joined())
    async with store.transaction() as tx:
        [row] = await tx.fetch("SELECT causation_id, correlation_id FROM outbox")

    assert (row["causation_id"], row["correlation_id"]) == (event_id, correlation_id)


async def test_writers_that_meet_on_the_same_subjects_never_deadlock_nor_leave_a_hole(store: Database) -> None:
    subjects = [UUID(int=number) for number in range(1, 9)]

    async def write(turn: int) -> None:
        chosen = [subjects[(turn * 3) % 8], subjects[(turn * 5 + 1) % 8], subjects[(7 - turn) % 8]]
        for _ in range(10):
            async with store.transaction() as tx:
                await outbox.put(tx, *(promoted(subject) for subject in chosen))

    await asyncio.gather(*(write(turn) for turn in range(16)))

    by_subject: dict[UUID, list[int]] = {}
    for _, subject, sequence, _ in await said(store):
        by_subject.setdefault(subject, []).append(sequence)
    assert sum(len(numbers) for numbers in by_subject.values()) == 480
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_subject.values())
