"""What the platform takes while nothing happens, beside Kafka alone with the defaults of Java and of its own.

The whole of it: `gse up` (the supervisor itself too), Kafka, PostgreSQL, four services, the front door, the identity
provider and the mail sink. Memory is PSS, so that what processes share counts once. Processor time is that of every
process and of its children that have ended, over half a minute, in hundredths of one processor. A round is a fresh
platform, looked at twenty seconds after it was ready, and then Kafka alone.
"""

import time

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.kafka_alone import kafka_alone
from bench.platforms import fresh_home, taken, up

SETTLE_SECONDS, SECONDS = 20, 30


def measure(rounds: int, tell: Tell) -> list[Finding]:
    ours, alone = list[tuple[float, float]](), list[tuple[float, float]]()
    by_name = dict[str, list[float]]()
    cpu_by_name = dict[str, list[float]]()
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}: the platform")
        with fresh_home() as home, up(home) as platform:
            mib, cpu = _idle(platform.process.pid)
            ours.append((sum(mib.values()), sum(cpu.values())))
            for name in mib:
                by_name.setdefault(name, []).append(mib[name])
                cpu_by_name.setdefault(name, []).append(cpu[name])
        tell(f"round {number + 1} of {rounds}: Kafka alone")
        with fresh_home() as home, kafka_alone(home) as kafka:
            mib, cpu = _idle(kafka.pid)
            alone.append((sum(mib.values()), sum(cpu.values())))
    memory, processor = (tuple(column) for column in zip(*ours, strict=True))
    memory_alone, processor_alone = (tuple(column) for column in zip(*alone, strict=True))
    parts = (Series(name, "MiB", tuple(each)) for name, each in by_name.items())
    times = (Series(name, "% of a processor", tuple(each)) for name, each in cpu_by_name.items())
    return [
        Finding(
            "idle: memory",
            (Comparison(Series("the platform", "MiB", memory), Target(at_most=700)),),
            (Series("Kafka alone", "MiB", memory_alone), *parts),
        ),
        Finding(
            "idle: processor",
            (Comparison(Series("the platform", "% of a processor", processor), Target(at_most=3)),),
            (Series("Kafka alone", "% of a processor", processor_alone), *times),
        ),
    ]


def _idle(root: int) -> tuple[dict[str, float], dict[str, float]]:
    time.sleep(SETTLE_SECONDS)
    before = taken(root)
    time.sleep(SECONDS)
    after = taken(root)
    return after.mib, {
        name: 100 * (spent - before.cpu_seconds.get(name, 0.0)) / SECONDS for name, spent in after.cpu_seconds.items()
    }
