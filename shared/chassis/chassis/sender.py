"""What a database cannot roll back: a conversation with the outside, begun at most once for each row.

    due ──claim──> sending ──converse──> sent | failed | due again later
                      └── whoever held it was killed ──> unknown: never sent again by itself, and listed

The row says `sending`, committed, before the conversation begins, and its outcome after it. The claim names this
replica and expires; a claim that expires, or that this replica finds under its own name when it starts, is of a
conversation whose end nobody knows.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from chassis.database import Conflict, Database, Outage, Transaction
from chassis.telemetry import logger

Item = TypeVar("Item")
Outcome_contra = TypeVar("Outcome_contra", contravariant=True)
log = logger(__name__)


class Rows(Protocol[Item, Outcome_contra]):
    """The rows of a service that are sent: each call is one statement or two on its own table."""

    async def claim(self, tx: Transaction, replica: str, limit: int) -> Sequence[Item]:
        """Turn up to `limit` due rows to `sending`, held by this replica until the claim expires."""

    async def settle(self, tx: Transaction, item: Item, outcome: Outcome_contra) -> None:
        """Write how a conversation ended, and say so; a row no longer `sending` stays what it is."""

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        """Turn `sending` rows to `unknown` whose claim has expired, and when starting also those of this replica."""


@dataclass
class Sender(Generic[Item, Outcome_contra]):
    """Sends what is due, `at_once` conversations at a time. `converse` returns an outcome and raises only on bugs."""

    name: str
    rows: Rows[Item, Outcome_contra]
    converse: Callable[[Item], Awaitable[Outcome_contra]]
    replica: str
    at_once: int = 8
    seconds: float = 1.0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something became due in this process."""
        self._woken.set()

    async def run(self, database: Database) -> None:
        """For ever. When cancelled, the conversations that are open come to their end and are settled first."""
        starting = True
        while True:
            self._woken.clear()
            try:
                async with database.transaction() as tx:
                    lost = await self.rows.forget_lost(tx, self.replica, starting=starting)
                if lost:
                    log.warning("conversations whose end is unknown", sender=self.name, count=lost)
                starting = False
                while await self._send_some(database):
                    pass
            except (Outage, Conflict):
                await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter
            except Exception:
                log.exception("sending failed and will go on", sender=self.name)
                await asyncio.sleep(1)
            try:
                await asyncio.wait_for(self._woken.wait(), self.seconds)
            except TimeoutError:
                continue

    async def _send_some(self, database: Database) -> int:
        """Claim, converse, settle, as a whole: a stop waits, and leaves no claimed row without its outcome."""
        work = asyncio.ensure_future(self._claim_and_send(database))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await work
            raise

    async def _claim_and_send(self, database: Database) -> int:
        async with database.transaction() as tx:
            items = await self.rows.claim(tx, self.replica, self.at_once)
        await asyncio.gather(*(self._send(database, item) for item in items))
        return len(items)

    async def _send(self, database: Database, item: Item) -> None:
        outcome = await self.converse(item)
        while True:
            try:
                async with database.transaction() as tx:
                    await self.rows.settle(tx, item, outcome)
            except (Outage, Conflict):
                await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - jitter
            else:
                return
