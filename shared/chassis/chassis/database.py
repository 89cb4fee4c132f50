"""A service's own PostgreSQL: one pool, transactions that are opened in the handler, and two kinds of failure.

    Conflict   another transaction was in the way; running it again will do
    Outage     the store is away; waiting will do

Any other error of the database is a bug and stays what it is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.causes import Cause, new_cause, present_cause
from chassis.clock import Clock, wall_clock

ACQUIRE_SECONDS = 5
CLOSE_SECONDS = 4
UNUSED_SECONDS = 30  # a connection holds five megabytes of its server
# What a stopped replica holds is let go little later than its place in its group, which lasts ten seconds.
IDLE_SECONDS = 15
_CONFLICTS = (
    asyncpg.DeadlockDetectedError,  # 40P01
    asyncpg.SerializationError,  # 40001
    asyncpg.LockNotAvailableError,  # 55P03
)
_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary on its way down
    TimeoutError,  # it has not answered a statement in time; nothing else is waited for within a transaction
)


class Conflict(Exception):  # noqa: N818 - named for what happened
    """Another transaction was in the way (40P01, 40001, 55P03). Everything was rolled back; run it again."""


class Outage(Exception):  # noqa: N818 - named for what happened
    """The database is away. What was being committed may or may not be there."""


class _Connection(asyncpg.Connection):
    """Goes back to the pool as it is: we set nothing that outlives a transaction, and asking the server to put it all
    back was one of six round trips of a request. A transaction that was left open is still rolled back.
    """

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True)
class Said:
    """One row of the outbox before it has its number."""

    event_id: UUID
    stream: str
    type: str
    schema_name: str
    subject: UUID
    body: str | None
    public_id: UUID | None
    public_body: str | None
    personal: bool
    occurred_at: datetime
    cause: Cause


@dataclass
class Transaction:
    """One open transaction. Handlers write state through it first and call `outbox.put` last."""

    connection: Any  # an asyncpg connection of the pool
    now: datetime  # the business instant at which it began
    cause: Cause
    collects: bool = False  # in a consumer's batch `put` collects; the consumer flushes once
    event_ids: Mapping[UUID, UUID] = field(default_factory=dict)  # in a reaction to a set: of each subject's event
    said: list[Said] = field(default_factory=list)
    has_put: bool = False
    one_statement: bool = False
    _ran: bool = False

    async def execute(self, sql: str, *values: object) -> str:
        """Run one statement; gives its command tag, such as `UPDATE 1`."""
        self._may_run()
        tag: str = await self.connection.execute(sql, *values)
        return tag

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        self._may_run()
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *values)
        return rows

    async def fetchrow(self, sql: str, *values: object) -> asyncpg.Record | None:
        self._may_run()
        row: asyncpg.Record | None = await self.connection.fetchrow(sql, *values)
        return row

    async def fetchval(self, sql: str, *values: object) -> Any:
        self._may_run()
        return await self.connection.fetchval(sql, *values)

    def _may_run(self) -> None:
        """A second statement would be a transaction of its own, and the first be kept when it fails."""
        if self.one_statement and self._ran:
            raise RuntimeError("a second statement in a transaction that was opened for one")
        self._ran = True


class Database:
    """The pool of one service. `on_said` functions are called after each commit that said something."""

    def __init__(self, pool: Any, clock: Clock = wall_clock) -> None:
        self._pool = pool
        self.clock = clock
        self.on_said: list[Callable[[], None]] = []

    @asynccontextmanager
    async def transaction(self, *, collects: bool = False, one_statement: bool = False) -> AsyncIterator[Transaction]:
        """One transaction: commits at the end of the block, rolls back on any exception.

        With `one_statement` that statement is the transaction, committed when it has run: one round trip and not three,
        for what is asked again and again while nothing happens. A second statement is refused.

        Raises `Conflict` and `Outage` for those two kinds of failure, also when they happen while committing.
        """
        try:
            connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Outage("the database does not answer") from error
        tx = Transaction(
            connection, self.clock(), present_cause.get() or new_cause(), collects, one_statement=one_statement
        )
        try:
            async with contextlib.nullcontext() if one_statement else connection.transaction():
                yield tx
        except _CONFLICTS as error:
            raise Conflict("another transaction was in the way") from error
        except Exception as error:
            if isinstance(error, _OUTAGES) or _is_lost(connection):
                raise Outage("the connection to the database was lost") from error
            raise
        finally:
            # Giving back may ask the server once more, to roll back. A connection that falls then is thrown away by the
            # pool, and takes nothing back: what was committed is committed, and what failed has failed as it did.
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._pool.release(connection)
        if tx.has_put:
            for wake in self.on_said:
                wake()

    async def renew_connections(self) -> None:
        """Take new connections from now on: those that are here reach a store that is not the right one any more."""
        await self._pool.expire_connections()

    async def close(self) -> None:
        """Wait for what is open, at most four seconds, and close every connection."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


def _is_lost(connection: Any) -> bool:
    try:
        closed: bool = connection.is_closed()
    except asyncpg.InterfaceError:  # it broke, and the pool has taken it back
        return True
    return closed


def is_transient(error: BaseException) -> bool:
    """Whether running the same again, sooner or later, is the cure."""
    return isinstance(error, (*_CONFLICTS, *_OUTAGES, Conflict, Outage))


async def connect(url: str, *, size: int, name: str, clock: Clock = wall_clock) -> Database:
    """Open the pool. Raises `Outage` when the database does not answer."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            max_inactive_connection_lifetime=UNUSED_SECONDS,
            command_timeout=30,
            timeout=ACQUIRE_SECONDS,
            server_settings={
                "application_name": name,
                "timezone": "UTC",
                "lock_timeout": "5s",
                "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
            },
            connection_class=_Connection,
        )
    except (OSError, TimeoutError, *_OUTAGES) as error:
        raise Outage("the database does not answer") from error
    return Database(pool, clock)
