"""What saying costs the writers: transactions a second on 16 connections, each of a row of state and one event.

Ours says it with the real `outbox.put` while the relay runs in the same process, woken after every commit, as in a
service. Beside it: the same row of state and one plain insert of an event, without counters and without a relay.
"""

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.outbox_places import answer_of, places, relaying

SECONDS = "5"
LEAST = 0.7


def measure(rounds: int, tell: Tell) -> list[Finding]:
    ours, plain = list[float](), list[float]()
    with places(tell) as at:
        for number in range(rounds):
            for work, figures in (("write", ours), ("plain", plain)):
                tell(f"round {number + 1} of {rounds}: {work}")
                with relaying(at, work, SECONDS) as process:
                    figures.append(float(answer_of(process)))
    with_put = Series("a row of state and outbox.put, relay running", "commits/s", tuple(ours))
    without = Series("the same and a plain insert", "commits/s", tuple(plain))
    return [Finding("writers, 16 connections", (Comparison(with_put, Target(at_least=LEAST), without),))]
