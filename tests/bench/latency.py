"""How soon a consumer has what was committed, at 200 events a second: by our relay, beside Debezium at a poll of 1 ms.

From the return of the commit to the record in a consumer's hand, on one clock. Writer and relay share a process, as in
a service; Debezium's writer has one of its own. The first fifth of each round warms up and is left out.
"""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.debezium import FOR_ONE_EVENT, TOPIC, Debezium, debezium
from bench.figures import Comparison, Finding, Series, Target, Tell, quantile
from bench.outbox_places import INTERNAL, PARTITIONS, Places, answer_of, places, relaying
from testkit.unavailable import Unavailable

RATE = 200
EVENTS = 2_000
WARM_EVENTS = 400
WARM_BACKLOG = 100_000


@dataclass
class Rounds:
    middle: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)

    def add(self, seconds: list[float]) -> None:
        self.middle.append(quantile(seconds, 0.5) * 1000)
        self.last.append(quantile(seconds, 0.99) * 1000)

    def series(self, name: str) -> tuple[Series, Series]:
        return Series(f"{name}, p50", "ms", tuple(self.middle)), Series(f"{name}, p99", "ms", tuple(self.last))


def measure(rounds: int, tell: Tell) -> list[Finding]:
    ours, theirs = Rounds(), Rounds()
    with places(tell) as at:
        try:
            with debezium(at, tell) as peer:
                asyncio.run(peer.drained(at, WARM_BACKLOG))
                peer.configure(FOR_ONE_EVENT)
                for number in range(rounds):
                    tell(f"round {number + 1} of {rounds}")
                    ours.add(asyncio.run(_by_our_relay(at)))
                    theirs.add(asyncio.run(_by_debezium(at, peer)))
        except Unavailable as reason:
            for number in range(rounds):
                tell(f"round {number + 1} of {rounds}, without Debezium")
                ours.add(asyncio.run(_by_our_relay(at)))
            return [Finding(FIGURE, (), others=ours.series("our relay"), notes=(str(reason),))]
    (our_middle, our_last), (their_middle, their_last) = ours.series("our relay"), theirs.series("Debezium")
    return [
        Finding(
            FIGURE,
            (
                Comparison(our_middle, Target(at_most=0.4), their_middle),
                Comparison(our_last, Target(at_most=1.0), their_last),
            ),
        )
    ]


FIGURE = f"commit to consumer, {RATE}/s"


async def _by_our_relay(at: Places) -> list[float]:
    return await _latencies(at, INTERNAL, "pace", str(EVENTS), str(RATE))


async def _by_debezium(at: Places, peer: Debezium) -> list[float]:
    return await _latencies(at, TOPIC, "peer", str(EVENTS), str(RATE), peer.url)


async def _latencies(at: Places, topic: str, *work: str) -> list[float]:
    consumer = AIOKafkaConsumer(**at.kafka.aiokafka(), enable_auto_commit=False)
    await consumer.start()
    seen: dict[str, float] = {}
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        await consumer.seek_to_end()
        hearing = asyncio.create_task(_hear(consumer, seen))
        with relaying(at, *work) as process:
            committed: dict[str, float] = json.loads(await asyncio.to_thread(answer_of, process))
        hearing.cancel()
        await asyncio.wait({hearing})
    finally:
        await consumer.stop()
    missing = committed.keys() - seen.keys()
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(committed)} events did not arrive within half a second")
    return [seen[subject] - at_commit for subject, at_commit in list(committed.items())[WARM_EVENTS:]]


async def _hear(consumer: AIOKafkaConsumer, seen: dict[str, float]) -> None:
    loop = asyncio.get_running_loop()
    async for record in consumer:
        seen.setdefault(str(UUID(record.key.decode())), loop.time())
