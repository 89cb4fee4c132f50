"""How long one waits: for the whole platform, and for the brokers and stores of a test; everything fetched before.

Four times in turn, in each round: `gse up` in a home that is new, from its process to `Ready`; `gse up` again in that
home; Kafka and PostgreSQL with four databases as a test session takes them, both at once, from nothing; and Kafka alone
with the defaults of Java and of its own, its storage formatted before.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.kafka_alone import kafka_alone
from bench.platforms import fresh_home, up
from contracts.streams import SERVICES
from testkit.postgres_databases import make_database
from testkit.progress import silent
from testkit.resources import kafka_for_tests, postgres_for_tests


def measure(rounds: int, tell: Tell) -> list[Finding]:
    fresh, again, stores, alone = list[float](), list[float](), list[float](), list[float]()
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        with fresh_home() as home:
            with up(home) as platform:
                fresh.append(platform.seconds)
            with up(home) as platform:
                again.append(platform.seconds)
        stores.append(_stores())
        with fresh_home() as home, kafka_alone(home) as kafka:
            alone.append(kafka.seconds)
    beside = Series("Kafka alone", "s", tuple(alone))
    return [
        Finding(
            "start: the platform",
            (Comparison(Series("gse up, new home", "s", tuple(fresh)), Target(at_most=6)),),
            (Series("gse up, same home again", "s", tuple(again)), beside),
        ),
        Finding(
            "start: a test's stores",
            (Comparison(Series("Kafka and four databases", "s", tuple(stores)), Target(at_most=2.5)),),
            (beside,),
        ),
    ]


def _stores() -> float:
    """The seconds until both serve; as a test session has them, local processes whatever else is there."""
    local = {"GSE_TESTKIT": "local"}
    begun = time.monotonic()
    with ExitStack() as stack, ThreadPoolExecutor(2) as both:

        def store() -> None:
            admin = stack.enter_context(postgres_for_tests(silent, silent, local))
            asyncio.run(_databases(admin))

        broker = both.submit(stack.enter_context, kafka_for_tests(silent, silent, local))
        databases = both.submit(store)
        broker.result()
        databases.result()
        return time.monotonic() - begun


async def _databases(admin: str) -> None:
    for service in SERVICES:
        await make_database(admin, service, service, f"{service}-of-a-bench")
