"""What slows or disturbs a service in a scenario, as a network, a store or a pause would: healthy or not."""

import asyncio
import random
from typing import Any
from uuid import UUID

from gse_platform.prove.mutants.placing import put, shipped


def slow_sends() -> None:
    """Kafka's client takes up to 150 ms to take a record, or a batch of them."""
    shipped_one: Any = shipped("chassis.relay:AIOKafkaProducer")

    class Slow(shipped_one):  # type: ignore[misc]
        async def send(self, *its: Any, **options: Any) -> Any:
            await asyncio.sleep(random.uniform(0, 0.15))  # noqa: S311
            return await super().send(*its, **options)

        async def send_batch(self, *its: Any, **options: Any) -> Any:
            await asyncio.sleep(random.uniform(0, 0.15))  # noqa: S311
            return await super().send_batch(*its, **options)

    put("chassis.relay:AIOKafkaProducer", Slow)


def slow_marks() -> None:
    """Half a second lies between Kafka's answer and the marking of a row."""
    mark = shipped("chassis.relay:_mark")

    async def later(*its: Any) -> None:
        await asyncio.sleep(0.5)
        await mark(*its)

    put("chassis.relay:_mark", later)


def slow_commits() -> None:
    """Up to 200 ms lie between the last statement of a request and its commit."""
    write = shipped("chassis.outbox:_write")

    async def slow(*its: Any) -> None:
        await write(*its)
        await asyncio.sleep(random.uniform(0, 0.2))  # noqa: S311

    put("chassis.outbox:_write", slow)


def slow_ends() -> None:
    """Half a second lies between a change of a group and the commit."""
    save = shipped("members.groups.task_store:save")

    async def slow(*its: Any) -> None:
        await save(*its)
        await asyncio.sleep(0.5)

    put("members.groups.task_store:save", slow)


def slow_effects() -> None:
    """Most of a second lies between a reaction and the commit of its batch."""
    _slow_effects(0.8)


def slower_effects() -> None:
    """Seconds lie in between, so that much waits for its turn."""
    _slow_effects(2.5)


def _slow_effects(seconds: float) -> None:
    flush = shipped("chassis.outbox:flush")

    async def slow(tx: Any) -> None:
        await flush(tx)
        await asyncio.sleep(seconds)

    put("chassis.outbox:flush", slow)


def hiccups() -> None:
    """Of each member's changes of grade, the first, the third and so on fail once in mentoring."""
    follow = shipped("mentoring.reactions:follow_grade")
    met: dict[UUID, list[UUID]] = {}

    async def follow_grade(event: Any, tx: Any) -> None:
        theirs = met.setdefault(event.member_id, [])
        if tx.cause.event_id not in theirs:
            theirs.append(tx.cause.event_id)
            if len(theirs) % 2:
                raise RuntimeError
        await follow(event, tx)

    put("mentoring.reactions:follow_grade", follow_grade)
