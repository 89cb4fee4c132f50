"""Reactions to sets: the same as one event after the other, in fewer statements."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.subscription import Subscription
from chassis.testing import Delivery, Outcome, deliver, said
from contracts.members import Grade, MemberContactChanged, MemberGradeChanged, MemberJoined, MemberLeft
from testkit.examples import ADA, BEN, contact, joined, left, promoted

CAT = UUID("00000000-0000-4000-8000-00000000000c")
PEOPLE = (ADA, BEN, CAT, *(UUID(int=4 << 76 | 8 << 60 | number) for number in range(100, 116)))


KINDS: tuple[Callable[[UUID], Any], ...] = (joined, joined, joined, promoted, left)
NAMES = ("MemberJoined", "MemberGradeChanged", "MemberLeft")


class Bug(Exception):  # noqa: N818 - it stands for any mistake of ours
    pass


@pytest.fixture
async def effects(store: Database) -> None:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE effect (place serial, consumer text, what text, who uuid)")


async def read_effects(store: Database, consumer: str = "sets") -> list[tuple[str, UUID]]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT what, who FROM effect WHERE consumer = $1 ORDER BY place", consumer)
    return [(row["what"], row["who"]) for row in rows]


async def read_parked(store: Database) -> list[tuple[str, str]]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT kind, reason FROM parked ORDER BY id")
    return [(row["kind"], row["reason"]) for row in rows]


@dataclass
class Noting:
    """Reactions that note what they heard; those to sets show how large each was, tried in vain or not."""

    consumer: str = "sets"
    cannot: frozenset[tuple[str, UUID]] = frozenset()  # at these they raise

    def __post_init__(self) -> None:
        self.sets: list[int] = []

    async def note(self, event: Any, tx: Transaction) -> None:
        await self._note([event], tx)

    async def note_all(self, events: list[Any], tx: Transaction) -> None:
        self.sets.append(len(events))
        if len({type(its) for its in events}) > 1 or len({its.member_id for its in events}) < len(events):
            raise AssertionError("a set is of one type, and each of another subject")
        await self._note(events, tx)

    async def _note(self, events: Sequence[Any], tx: Transaction) -> None:
        # All of it is done before anything raises, as SQL would: only a rollback undoes it.
        await tx.execute(
            "INSERT INTO effect (consumer, what, who) SELECT $1, * FROM unnest($2::text[], $3::uuid[])",
            self.consumer,
            [its.event_name for its in events],
            [its.member_id for its in events],
        )
        if any((its.event_name, its.member_id) in self.cannot for its in events):
            raise Bug


def hearing(noting: Noting) -> Subscription:
    """Who joins and who changes grade is heard in sets, who leaves alone."""
    return Subscription(
        "gse.members",
        {MemberLeft: noting.note},
        in_sets={MemberJoined: noting.note_all, MemberGradeChanged: noting.note_all},
    )


async def test_events_of_one_type_that_follow_each_other_are_one_set(store: Database, effects: None) -> None:
    noting = Noting()
    outcome = await deliver(store, "test", hearing(noting), *(said(joined(its), 1) for its in PEOPLE))

    assert noting.sets == [19]
    assert outcome == Outcome(applied=19, repeats=0, parked=0)
    assert await read_effects(store) == [("MemberJoined", its) for its in PEOPLE]


async def test_a_set_is_run_before_any_other_reaction(store: Database, effects: None) -> None:
    noting = Noting()
    stream = [said(joined(ADA), 1), said(joined(BEN), 1), said(left(ADA), 2), said(joined(CAT), 1), said(left(CAT), 2)]
    await deliver(store, "test", hearing(noting), *stream)

    assert noting.sets == [2, 1]
    assert await read_effects(store) == [
        ("MemberJoined", ADA),
        ("MemberJoined", BEN),
        ("MemberLeft", ADA),
        ("MemberJoined", CAT),
        ("MemberLeft", CAT),
    ]


async def test_a_set_has_one_event_of_a_subject(store: Database, effects: None) -> None:
    noting = Noting()
    subscription = replace(hearing(noting), reactions={}, in_sets={MemberGradeChanged: noting.note_all})
    await deliver(
        store,
        "test",
        subscription,
        said(promoted(ADA, Grade.SEO), 1),
        said(promoted(BEN), 1),
        said(promoted(ADA, Grade.HEO), 2),
    )

    assert noting.sets == [2, 1]


async def test_repeats_are_no_part_of_a_set(store: Database, effects: None) -> None:
    noting = Noting()
    once = [said(joined(ADA), 1), said(joined(BEN), 1)]
    first = await deliver(store, "test", hearing(noting), *once, *once)
    second = await deliver(store, "test", hearing(noting), *once)

    assert noting.sets == [2]
    assert (first, second) == (Outcome(applied=2, repeats=2, parked=0), Outcome(applied=0, repeats=2, parked=0))


async def test_what_waited_for_a_member_of_the_set_follows_it(store: Database, effects: None) -> None:
    noting = Noting()
    await deliver(store, "test", hearing(noting), said(left(ADA), 3), said(promoted(ADA), 2), said(joined(BEN), 1))
    await deliver(store, "test", hearing(noting), said(joined(CAT), 1), said(joined(ADA), 1), said(promoted(BEN), 2))

    assert await read_effects(store) == [
        ("MemberJoined", BEN),
        ("MemberJoined", CAT),
        ("MemberJoined", ADA),
        ("MemberGradeChanged", ADA),
        ("MemberLeft", ADA),
        ("MemberGradeChanged", BEN),
    ]
    assert await read_parked(store) == []


async def test_hole_and_filling_in_one_batch_are_applied_in_order(store: Database, effects: None) -> None:
    stream = [said(promoted(ADA), 2), said(joined(BEN), 1), said(joined(ADA), 1), said(promoted(ADA), 2)]
    await deliver(store, "test", hearing(Noting()), *stream)

    assert await read_effects(store) == [("MemberJoined", BEN), ("MemberJoined", ADA), ("MemberGradeChanged", ADA)]
    assert await read_parked(store) == []


async def test_a_bug_at_one_of_a_set_is_found_and_parked_alone(store: Database, effects: None) -> None:
    noting = Noting(cannot=frozenset({("MemberJoined", PEOPLE[13])}))
    stream = [*(said(joined(its), 1) for its in PEOPLE), said(left(PEOPLE[13]), 2)]
    outcome = await deliver(store, "test", hearing(noting), *stream)

    assert outcome == Outcome(applied=18, repeats=0, parked=2)
    assert await read_effects(store) == [("MemberJoined", its) for its in PEOPLE if its != PEOPLE[13]]
    assert await read_parked(store) == [("stuck", "MemberJoined: Bug"), ("waiting", "waiting for number 1")]
    assert noting.sets[:5] == [19, 10, 9, 5, 2]  # by halves: what comes before the culprit is committed together


async def test_a_bug_at_one_that_waited_is_found_and_parked_alone(store: Database, effects: None) -> None:
    noting = Noting(cannot=frozenset({("MemberGradeChanged", ADA)}))
    await deliver(store, "test", hearing(noting), said(promoted(ADA), 2))
    await deliver(store, "test", hearing(noting), said(joined(BEN), 1), said(joined(ADA), 1), said(joined(CAT), 1))

    assert await read_effects(store) == [("MemberJoined", BEN), ("MemberJoined", ADA), ("MemberJoined", CAT)]
    assert await read_parked(store) == [("stuck", "MemberGradeChanged: Bug")]


async def test_a_bad_body_is_no_part_of_a_set(store: Database, effects: None) -> None:
    noting = Noting()
    stream = [said(joined(ADA), 1), replace(said(joined(BEN), 1), value=b"{not json"), said(joined(CAT), 1)]
    await deliver(store, "test", hearing(noting), *stream)

    assert noting.sets == [2]
    assert await read_parked(store) == [("stuck", "the body is no MemberJoined: body: json_invalid")]


async def test_a_reaction_to_a_set_knows_the_id_of_each_and_says_nothing(store: Database) -> None:
    ids = {}

    async def answer(events: list[MemberJoined], tx: Transaction) -> None:
        ids.update({its.member_id: tx.event_ids[its.subject] for its in events})
        await outbox.put(tx, *(promoted(its.member_id) for its in events))

    its = said(joined(ADA), 1)
    await deliver(store, "test", Subscription("gse.members", {}, in_sets={MemberJoined: answer}), its)

    assert ids == {ADA: UUID((dict(its.headers)["ce_id"] or b"").decode())}
    assert await read_parked(store) == [("stuck", "MemberJoined: SaidTooMuch")]


async def test_an_ordinary_reaction_beside_a_set_says_what_follows_with_its_own_cause(
    store: Database, effects: None
) -> None:
    async def answer(event: MemberLeft, tx: Transaction) -> None:
        await outbox.put(tx, promoted(event.member_id))

    last = said(left(ADA), 2)
    subscription = replace(hearing(Noting()), reactions={MemberLeft: answer})
    await deliver(store, "test", subscription, said(joined(ADA), 1), last)

    async with store.transaction() as tx:
        cause = await tx.fetchval("SELECT causation_id FROM outbox")
    assert cause == UUID((dict(last.headers)["ce_id"] or b"").decode())


async def test_a_compacted_stream_in_sets_takes_the_newest(store: Database) -> None:
    addresses = []

    async def keep(events: list[MemberContactChanged], _tx: Transaction) -> None:
        addresses.append([its.email for its in events])

    contacts = Subscription("gse.members.contacts", {}, in_sets={MemberContactChanged: keep})
    third, fourth = contact(email="third@example.org"), contact(email="fourth@example.org")
    await deliver(store, "test", contacts, said(contact(BEN), 7), said(third, 3), said(contact(), 1), said(fourth, 4))

    assert addresses == [["ada@example.org", "third@example.org"], ["fourth@example.org"]]


def test_a_type_has_one_reaction_alone_or_in_sets() -> None:
    noting = Noting()
    with pytest.raises(TypeError, match="MemberJoined has one reaction"):
        Subscription("gse.members", {MemberJoined: noting.note}, in_sets={MemberJoined: noting.note_all})


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Delivery], list[int], frozenset[tuple[str, UUID]]]:
    """A stream as a bad day brings it; where its batches are cut; at what a reaction raises."""
    stream: list[Delivery] = []
    count = Counter[UUID]()
    for person, event in draw(st.lists(st.tuples(st.sampled_from(PEOPLE[:4]), st.sampled_from(KINDS)), max_size=20)):
        count[person] += 1
        stream.append(said(event(person), count[person]))
    for place in draw(st.lists(st.integers(0, 20), max_size=4)):
        if place < len(stream):
            what = draw(st.sampled_from(["late", "repeated", "forked", "bad", "lost"]))
            its = stream[place] if what in {"repeated", "forked"} else stream.pop(place)
            if what != "lost":
                stream.insert(draw(st.integers(place, len(stream))), _spoilt(what, its))
    cuts = draw(st.lists(st.integers(1, 12), min_size=len(stream), max_size=len(stream)))
    cannot = draw(st.sets(st.tuples(st.sampled_from([None, *NAMES]), st.sampled_from(PEOPLE[:4])), max_size=1))
    return stream, cuts, frozenset((name, who) for name, who in cannot if name)


def _spoilt(what: str, its: Delivery) -> Delivery:
    if what == "bad":
        return replace(its, value=b"{")
    if what == "forked":
        others = [(name, str(uuid4()).encode() if name == "ce_id" else value) for name, value in its.headers]
        return replace(its, headers=others)
    return its


EXAMPLE = 0


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # the first that fails is shown as it is: shrinking it takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(streams())
async def test_sets_in_any_batches_end_where_one_event_after_the_other_does(
    store: Database, effects: None, its: tuple[list[Delivery], list[int], frozenset[tuple[str, UUID]]]
) -> None:
    stream, cuts, cannot = its
    global EXAMPLE  # noqa: PLW0603 - each example has consumers of its own, in the one database of this test
    EXAMPLE += 1
    one, sets = f"one{EXAMPLE}", f"sets{EXAMPLE}"
    alone, together = Noting(one, cannot), Noting(sets, cannot)
    plain = Subscription(
        "gse.members", dict.fromkeys((MemberJoined, MemberGradeChanged, MemberLeft), alone.note), projection=one
    )
    for delivery in stream:
        await deliver(store, "test", plain, delivery)
    rest = stream
    for cut in cuts:
        batch, rest = rest[:cut], rest[cut:]
        if batch:
            await deliver(store, "test", replace(hearing(together), projection=sets), *batch)

    assert await _state(store, sets) == await _state(store, one)


async def _state(store: Database, projection: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Effects and progress, and what is parked by its record: all in the order of the stream."""
    consumer = f"test.gse.members.{projection}"
    async with store.transaction() as tx:
        progress = await tx.fetch(
            "SELECT subject, last_sequence, last_event_id FROM progress WHERE consumer = $1 ORDER BY subject", consumer
        )
        parked = await tx.fetch(
            "SELECT record_offset, kind, reason, subject, sequence, event_id FROM parked WHERE consumer = $1 "
            "ORDER BY record_offset",
            consumer,
        )
    return await read_effects(store, projection), [tuple(row) for row in progress], [tuple(row) for row in parked]
