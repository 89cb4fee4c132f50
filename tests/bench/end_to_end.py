"""From a request to its effect in another service, beside the parts of that way that nobody can leave out.

Ours: 200 people a second join (`POST /members` with a token and a key, at members itself), and the time of each ends
when somebody outside hears that mentoring has committed their profile: a trigger of this bench's own says so by
PostgreSQL's NOTIFY, which is sent after the commit. All four services, Kafka and the front door run as `gse up` starts
them, and events and notifications hear and do their part too.

The parts, 200 times a second on the same platform: an INSERT commits, a record is produced (acks=all, idempotent, no
linger) and fetched by a consumer, and another INSERT commits. They are timed as one chain, so its quantiles are of
sums and not sums of quantiles. `fsync` is on.

Both are sent by the clock and not by the answers before; a late one counts from when it was due. In turn, in rounds.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.figures import Comparison, Finding, Series, Target, Tell, quantile
from bench.load import joining
from bench.platforms import Up, fresh_home, up
from bench.wire import Connection
from testkit.addresses import KafkaAddress

A_SECOND, WARM, COUNTED = 200, 200, 1000
CONNECTIONS = 32
WAIT_SECONDS = 60
CREATED = 201
HEARD = """
    CREATE FUNCTION bench_heard() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('bench', NEW.member_id::text); RETURN NULL; END $$;
    CREATE TRIGGER bench_heard AFTER INSERT ON profile FOR EACH ROW EXECUTE FUNCTION bench_heard()"""
PARTS = "CREATE TABLE IF NOT EXISTS bench_part (id uuid PRIMARY KEY, body text NOT NULL)"
TOPIC = "gse.bench"

Once = Callable[[float], Awaitable[float]]
"""Does it once, for a moment at which it was due; gives the seconds from then to its end."""
BODY = "x" * 463


def measure(rounds: int, tell: Tell) -> list[Finding]:
    ours, parts = list[list[float]](), list[list[float]]()
    with fresh_home() as home, up(home) as platform:
        asyncio.run(_measure(platform, rounds, tell, ours, parts))

    def series(name: str, found: list[list[float]], share: float) -> Series:
        return Series(name, "ms", tuple(1000 * quantile(one, share) for one in found))

    return [
        Finding(
            "end to end",
            (
                Comparison(series("POST to effect, p50", ours, 0.5), Target(at_most=1.5), series("p50", parts, 0.5)),
                Comparison(series("POST to effect, p99", ours, 0.99), Target(at_most=2), series("p99", parts, 0.99)),
            ),
            notes=("beside: commit, produce and fetch, commit, as one chain",),
        )
    ]


async def _measure(platform: Up, rounds: int, tell: Tell, ours: list[list[float]], parts: list[list[float]]) -> None:
    async with AsyncExitStack() as stack:
        connect = await _whole_way(platform, stack)
        go = await _parts(platform, stack)
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            ours.append(await _by_the_clock(await connect()))
            parts.append(await _by_the_clock(go))


async def _by_the_clock(once: Once) -> list[float]:
    """The seconds of each, from when it was due; those of the first second are not counted."""
    begun, running = time.perf_counter(), list[asyncio.Task[float]]()
    for number in range(WARM + COUNTED):
        due = begun + number / A_SECOND
        await asyncio.sleep(due - time.perf_counter())
        running.append(asyncio.create_task(_once(once, due)))
    return (await asyncio.gather(*running))[WARM:]


async def _once(once: Once, due: float) -> float:
    async with asyncio.timeout(WAIT_SECONDS):
        return await once(due)


async def _whole_way(platform: Up, stack: AsyncExitStack) -> Callable[[], Awaitable[Once]]:
    """Opens connections for a round: the server lets go of those that rest through the one between."""
    database = await asyncpg.connect(platform.state["postgres"]["databases"]["mentoring"])
    stack.push_async_callback(database.close)
    await database.execute(HEARD)
    # The answer tells the member's id; the effect may be heard before or after it.
    effects: dict[str, asyncio.Future[float]] = {}

    def effect(member_id: str) -> asyncio.Future[float]:
        return effects.setdefault(member_id, asyncio.get_running_loop().create_future())

    await database.add_listener("bench", lambda *told: effect(str(told[3])).set_result(time.perf_counter()))
    port = int(platform.state["services"]["members"]["url"].rpartition(":")[2])
    signing, run, numbers = platform.tokens(), secrets.token_hex(4), iter(range(10_000_000))
    tokens = [signing.headers(uuid4())["Authorization"].removeprefix("Bearer ") for _ in range(200)]

    async def ask(free: asyncio.Queue[Connection], due: float) -> float:
        connection = await free.get()
        status, answer = await connection.ask(joining(port, "/api/members/v1/members", run, next(numbers), tokens))
        free.put_nowait(connection)
        if status != CREATED:
            raise RuntimeError(f"answered {status}: {answer[:200]!r}")
        return await effect(json.loads(answer)["member_id"]) - due

    async def connect() -> Once:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            free.put_nowait(await Connection.to(port))
        return partial(ask, free)

    return connect


async def _parts(platform: Up, stack: AsyncExitStack) -> Once:
    databases = platform.state["postgres"]["databases"]
    pools: list[Any] = []
    for service in ("members", "mentoring"):
        pools.append(await stack.enter_async_context(asyncpg.create_pool(databases[service], min_size=4, max_size=10)))
        await pools[-1].execute(PARTS)
    kafka = platform.state["kafka"]
    client = kafka["client"]
    address = KafkaAddress(
        kafka["bootstrap_servers"],
        client["security_protocol"],
        username=client["sasl_plain_username"],
        password=client["sasl_plain_password"],
    )
    topic, admin = NewTopic(TOPIC, 12, replication_factor=1), AdminClient(address.confluent())
    await asyncio.to_thread(admin.create_topics([topic])[TOPIC].result, WAIT_SECONDS)
    consumer = AIOKafkaConsumer(TOPIC, **address.aiokafka(), auto_offset_reset="earliest")
    await consumer.start()
    stack.push_async_callback(consumer.stop)
    producer = AIOKafkaProducer(**address.aiokafka(), acks="all", enable_idempotence=True, linger_ms=0)
    await producer.start()
    stack.push_async_callback(producer.stop)
    fetched: dict[bytes, asyncio.Future[None]] = {}

    async def fetch() -> None:
        async for record in consumer:
            fetched.pop(record.key).set_result(None)

    fetching = asyncio.create_task(fetch())
    stack.callback(fetching.cancel)

    async def go(due: float) -> float:
        part = uuid4()
        await pools[0].execute("INSERT INTO bench_part VALUES ($1, $2)", part, BODY)
        arrived = fetched[part.bytes] = asyncio.get_running_loop().create_future()
        await producer.send(TOPIC, key=part.bytes, value=BODY.encode())
        await arrived
        await pools[1].execute("INSERT INTO bench_part VALUES ($1, $2)", part, BODY)
        return time.perf_counter() - due

    return go
