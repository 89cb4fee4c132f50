"""One replica that hears a stream, as a process of its own, for tests that stop and continue it.

Arguments: the store's address, Kafka's, the topics' prefix, the replica's name, and for one that stops itself
`in-transaction`, with its first effect made and not committed, or `in-delivery`, with some of a delivery committed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chassis.consumer import Consumer
from chassis.database import Database, Transaction, connect
from chassis.hearing import broker_of, subscribe
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics, configure_logs
from contracts.members import MemberGradeChanged, MemberJoined
from testkit.eventually import eventually


async def main(url: str, bootstrap: str, prefix: str, replica: str, moment: str) -> None:
    configure_logs("test", "json")
    settings = ServiceSettings(
        database_url=url,
        kafka_bootstrap=bootstrap,
        topic_prefix=prefix,
        http_port=0,
        token_keys=Path("unused"),
        replica=replica,
    )
    stops = [True]

    def stop_once_when(reached: str) -> None:
        if stops and moment == reached:
            stops.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    class Stopping(Database):
        """One that may stop this process when a batch is committed."""

        @asynccontextmanager
        async def transaction(
            self, *, collects: bool = False, one_statement: bool = False
        ) -> AsyncIterator[Transaction]:
            async with super().transaction(collects=collects, one_statement=one_statement) as tx:
                yield tx
            if collects:
                stop_once_when("in-delivery")

    async def note(event: Any, tx: Transaction) -> None:
        await tx.execute(
            "INSERT INTO effect (what, who, replica) VALUES ($1, $2, $3)", event.event_name, event.member_id, replica
        )
        stop_once_when("in-transaction")
        if moment == "in-delivery":
            await tx.execute("SELECT pg_sleep(0.03)")  # so that a transaction takes few of them

    members = Subscription("gse.members", {MemberJoined: note, MemberGradeChanged: note})
    store = Stopping((await connect(url, size=4, name=replica))._pool)
    broker = broker_of(settings, replica)
    hearing = subscribe(broker, settings, Consumer("test", members, store, Metrics()), Metrics())
    await broker.start()
    await eventually(lambda: hearing.ready, timeout=30)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
