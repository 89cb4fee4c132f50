"""Which conversations of the sender loop are settled in one transaction."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from chassis.database import Conflict, Database, Transaction
from chassis.sender import Sender
from testkit.eventually import eventually


@dataclass
class Rows:
    """Rows without a table: what is due, and what was settled in each transaction that settled something."""

    due: list[str]
    settled: list[list[tuple[str, str]]] = field(default_factory=list)
    conflicts: int = 0

    async def claim(self, _tx: Transaction, _replica: str, limit: int) -> Sequence[str]:
        claimed, self.due = self.due[:limit], self.due[limit:]
        return claimed

    async def settle(self, _tx: Transaction, ended: Sequence[tuple[str, str]]) -> None:
        if ended and self.conflicts:
            self.conflicts -= 1
            raise Conflict("another transaction was in the way")
        if ended:
            self.settled.append(list(ended))

    async def forget_lost(self, _tx: Transaction, _replica: str, *, starting: bool) -> int:  # noqa: ARG002 - its name
        return 0


@dataclass
class Conversations:
    """Each ends when the test says so."""

    open: dict[str, asyncio.Event] = field(default_factory=dict)

    async def converse(self, item: str) -> str:
        self.open[item] = asyncio.Event()
        await self.open[item].wait()
        return f"{item} ended"

    def are(self, *items: str) -> Callable[[], Coroutine[Any, Any, bool]]:
        async def probe() -> bool:
            return set(items) <= self.open.keys()

        return probe

    def end(self, *items: str) -> None:
        for item in items:
            self.open[item].set()


@asynccontextmanager
async def sending(store: Database, rows: Rows, conversations: Conversations, moment: float) -> AsyncIterator[None]:
    sender = Sender("test", rows, conversations.converse, "0", at_once=4, seconds=3600, moment=moment)
    task = asyncio.create_task(sender.run(store))
    try:
        yield
    finally:
        task.cancel()
        conversations.end(*conversations.open)
        await asyncio.wait({task})


async def test_what_ends_waits_for_others_until_half_of_the_places_are_free(store: Database) -> None:
    rows, talks = Rows(list("abcdef")), Conversations()

    async with sending(store, rows, talks, moment=3600):
        await eventually(talks.are(*"abcd"))
        talks.end("a")
        await asyncio.sleep(0)
        talks.end("c")
        await eventually(talks.are(*"ef"))  # which took their places
        assert rows.settled == [[("a", "a ended"), ("c", "c ended")]]


async def test_it_waits_no_longer_than_a_moment_and_a_slow_one_keeps_nobody_waiting(store: Database) -> None:
    rows, talks = Rows(list("abcde")), Conversations()

    async with sending(store, rows, talks, moment=0.01):
        await eventually(talks.are(*"abcd"))
        talks.end("b")
        await eventually(talks.are("e"))
        assert rows.settled == [[("b", "b ended")]]


async def test_what_could_not_be_settled_is_settled_with_what_ended_meanwhile(store: Database) -> None:
    rows, talks = Rows(list("abcde"), conflicts=1), Conversations()

    async with sending(store, rows, talks, moment=3600):
        await eventually(talks.are(*"abcd"))
        talks.end("a", "b")
        await eventually(talks.are("e"), timeout=10)
        assert rows.settled == [[("a", "a ended"), ("b", "b ended")]]


async def test_a_stop_settles_what_is_open(store: Database) -> None:
    rows, talks = Rows(list("ab")), Conversations()

    async with sending(store, rows, talks, moment=3600):
        await eventually(talks.are(*"ab"))

    assert sorted(its for ended in rows.settled for its in ended) == [("a", "a ended"), ("b", "b ended")]
