"""How fast a backlog leaves: 100,000 events by our relay, beside Debezium, and beside aiokafka without a database.

From the first record on Kafka to the last; with ours until the last row is marked as sent and in the event log. Each
of ours bears twelve headers, each of Debezium's two. Debezium reads events that were committed one by one, two backlogs
before the rounds have warmed it, and each side's process lives through all rounds; its memory is what is resident then.
"""

import asyncio
import time

import asyncpg

from bench.debezium import debezium
from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.outbox_places import INTERNAL, PUBLIC, Ends, Places, answer_of, places, relaying, resident_mib, say_backlog
from testkit.unavailable import Unavailable

EVENTS = 100_000
WARM_BACKLOGS = 2
OURS, WITH_PUBLIC, RAW, PEER = "our relay", "our relay, public too", "aiokafka alone", "Debezium"
MEMORY = "resident"


def measure(rounds: int, tell: Tell) -> list[Finding]:
    seen: dict[str, list[float]] = {}
    notes: tuple[str, ...] = ()
    with places(tell) as at, relaying(at, "relay") as process:
        answer_of(process)
        asyncio.run(drained(at, public=False))
        try:
            with debezium(at, tell) as peer:
                for number in range(WARM_BACKLOGS):
                    tell(f"warming Debezium, {number + 1} of {WARM_BACKLOGS}")
                    asyncio.run(peer.drained(at, EVENTS))
                for number in range(rounds):
                    tell(f"round {number + 1} of {rounds}")
                    _ours(at, process.pid, seen)
                    _keep(seen, PEER, EVENTS / asyncio.run(peer.drained(at, EVENTS)))
                    _keep(seen, f"{PEER}, {MEMORY}", peer.memory_mib())
        except Unavailable as reason:
            notes = (f"Without Debezium: {reason}",)
            for number in range(rounds):
                tell(f"round {number + 1} of {rounds}, without Debezium")
                _ours(at, process.pid, seen)
    rates = {name: Series(name, "events/s", tuple(its)) for name, its in seen.items() if MEMORY not in name}
    sizes = {name: Series(name, "MiB", tuple(its)) for name, its in seen.items() if MEMORY in name}
    compared = (
        (
            Comparison(rates[OURS], Target(at_least=1.0), rates[PEER]),
            Comparison(sizes[f"{OURS}, {MEMORY}"], Target(at_most=1 / 8), sizes[f"{PEER}, {MEMORY}"]),
        )
        if PEER in rates
        else ()
    )
    others = (rates[RAW], rates[WITH_PUBLIC], *(() if compared else (rates[OURS], *sizes.values())))
    return [Finding(f"relay, a backlog of {EVENTS:,} events", compared, others, notes)]


def _ours(at: Places, pid: int, seen: dict[str, list[float]]) -> None:
    with relaying(at, "raw", f"raw.{INTERNAL}", str(EVENTS)) as raw:
        _keep(seen, RAW, EVENTS / float(answer_of(raw)))
    _keep(seen, WITH_PUBLIC, EVENTS / asyncio.run(drained(at, public=True)))
    _keep(seen, OURS, EVENTS / asyncio.run(drained(at, public=False)))
    _keep(seen, f"{OURS}, {MEMORY}", resident_mib(pid))


def _keep(seen: dict[str, list[float]], name: str, value: float) -> None:
    seen.setdefault(name, []).append(value)


async def drained(at: Places, *, public: bool) -> float:
    """Seconds from the first record to the last mark of one backlog; the relay runs already."""
    async with Ends(at.kafka, INTERNAL, PUBLIC) as ends:
        before = await ends.count()
        writing = asyncio.create_task(say_backlog(at.ours, EVENTS, public=public))
        seconds = await ends.seconds_of(EVENTS * (2 if public else 1), before)
        await writing
        began = time.monotonic()
        await _marked(at.ours)
        return seconds + time.monotonic() - began


async def _marked(url: str) -> None:
    connection = await asyncpg.connect(url)
    while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110 - another process empties it
        await asyncio.sleep(0.01)
    await connection.close()
