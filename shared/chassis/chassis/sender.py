"""What a database cannot roll back: a conversation with the outside, begun at most once for each row.

    due ──claim──> sending ──converse──> sent | failed | due again later
                      └── whoever held it was killed ──> unknown: never sent again by itself, and listed

The row says `sending`, committed, before the conversation begins, and its outcome after it. The claim names this
replica and expires; a claim that expires, or that this replica finds under its own name when it starts, is of a
conversation whose end nobody knows. One transaction settles what has ended and claims what takes its place, so at
most `at_once` rows are ever held, and a slow conversation keeps nobody waiting but itself. What ends within a moment
shares that transaction, as long as at least half of the places are still taken.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from chassis import outbox
from chassis.causes import new_cause, present_cause
from chassis.database import Conflict, Database, Outage, Transaction
from chassis.telemetry import logger

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Outcome_contra = TypeVar("Outcome_contra", contravariant=True)
log = logger(__name__)


class Rows(Protocol[Item, Outcome_contra]):
    """The rows of a service that are sent: each call is one statement or two on its own table."""

    async def claim(self, tx: Transaction, replica: str, limit: int) -> Sequence[Item]:
        """Turn up to `limit` due rows to `sending`, held by this replica until the claim expires.

        Here and in `settle`, what follows is said with `outbox.put`, which collects; it is written once, at the end.
        """

    async def settle(self, tx: Transaction, ended: Sequence[tuple[Item, Outcome_contra]]) -> None:
        """Write how conversations ended, and say so; a row that is no longer `sending` stays what it is."""

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        """Turn `sending` rows to `unknown` whose claim has expired, and when starting also those of this replica."""


@dataclass
class Sender(Generic[Item, Outcome]):
    """Sends what is due, `at_once` conversations at a time. `converse` returns an outcome and raises only on bugs."""

    name: str
    rows: Rows[Item, Outcome]
    converse: Callable[[Item], Awaitable[Outcome]]
    replica: str
    at_once: int = 8
    seconds: float = 2.0  # after which it looks without being woken: for what is due again, or was another replica's
    moment: float = 0.02  # for which one that has ended waits for others, to be settled with them
    _open: dict[asyncio.Task[Outcome], Item] = field(default_factory=dict)
    _ended: list[asyncio.Task[Outcome]] = field(default_factory=list)  # of those, in their order
    _started: bool = False
    _stopping: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _enough: asyncio.Event = field(default_factory=asyncio.Event)  # has ended to settle it without waiting for more

    def wake(self) -> None:
        """Something is due, as far as this process knows."""
        self._woken.set()

    async def run(self, database: Database) -> None:
        """For ever. When cancelled, the conversations that are open come to their end and are settled first."""
        self._stopping = False
        work = asyncio.ensure_future(self._work(database))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stopping = True
            self.wake()
            await work
            raise

    async def _work(self, database: Database) -> None:
        while self._open or not self._stopping:
            present_cause.set(new_cause())
            self._woken.clear()
            self._enough.clear()
            try:
                claimed = await self._settle_and_claim(database)
            except (Outage, Conflict):
                if self._stopping:
                    await asyncio.gather(*self._open, return_exceptions=True)
                    return  # what could not be settled is found as lost at the next start
                await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter
                continue
            except Exception:
                log.exception("sending failed and will go on", sender=self.name)
                await asyncio.sleep(1)
                continue
            if self._open or not (claimed or self._stopping):
                await self._rest()

    async def _rest(self) -> None:
        """Until something has ended, and a moment longer for others to end; or until something is due."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self._woken.wait()
        if self._ended and not self._have_enough_ended():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.moment):
                    await self._enough.wait()

    def _have_enough_ended(self) -> bool:
        return 2 * len(self._ended) >= len(self._open)

    def _has_ended(self, task: asyncio.Task[Outcome]) -> None:
        self._ended.append(task)
        self._woken.set()
        if self._have_enough_ended():
            self._enough.set()

    async def _settle_and_claim(self, database: Database) -> int:
        ended, self._ended = self._ended, []
        try:
            async with database.transaction(collects=True) as tx:
                lost = await self.rows.forget_lost(tx, self.replica, starting=not self._started)
                await self.rows.settle(
                    tx, [(self._open[task], task.result()) for task in ended if not task.exception()]
                )
                free = 0 if self._stopping else self.at_once - len(self._open) + len(ended)
                claimed = await self.rows.claim(tx, self.replica, free) if free else []
                await outbox.flush(tx)
        except BaseException:
            self._ended = ended + self._ended
            raise
        self._started = True
        if lost:
            log.warning("conversations whose end is unknown", sender=self.name, count=lost)
        for task in ended:
            del self._open[task]
            if error := task.exception():
                # Its row stays `sending`, and becomes `unknown` when its claim is over.
                log.error("a conversation raised", sender=self.name, exc_info=error)
        for item in claimed:
            conversation = asyncio.ensure_future(self.converse(item))
            self._open[conversation] = item
            conversation.add_done_callback(self._has_ended)
        return len(claimed)
