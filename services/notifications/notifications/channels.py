"""The ways a notice can travel, in the order of the setting: which one to take now, and how much may begin on it.

    open ──five outages in a row──> out for a minute, the next in order takes over ──> one try ──> open, or out again
    open ──the other side wants to hear nothing──> resting until then, the next in order takes over

A way to take over is looked for; where there is none the first stays, and each notice is tried again by itself. What
goes over is only what is claimed after that: what may have begun on one way never begins on another.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from notifications.domain import NotStarted, Outcome, Rejected, Sent, Unknown
from notifications.letters import Letter

OUTAGES: Final = 5  # in a row
OUT_SECONDS: Final = 60.0
A_LOT: Final = 1_000_000


class Transport(Protocol):
    """One way: hands a message over at most once."""

    async def converse(self, letter: Letter) -> Outcome:
        """Hand one message over, or say what came instead; raises only on bugs."""

    async def close(self) -> None:
        """End what it keeps between messages."""


@dataclass
class Bucket:
    """How many may begin now, where `per_second` may in the long run and as many at once; 0 is no limit."""

    per_second: float
    _held: float = field(init=False)
    _since: float | None = None

    def __post_init__(self) -> None:
        self._held = self._size

    @property
    def _size(self) -> float:
        return max(1.0, self.per_second)

    def room(self, now: float) -> int:
        if not self.per_second:
            return A_LOT
        if self._since is not None:
            self._held = min(self._size, self._held + (now - self._since) * self.per_second)
        self._since = now
        return int(self._held + 1e-9)  # three times a third is one

    def take(self, now: float) -> None:
        self.room(now)
        self._held -= 1

    def seconds_until_room(self, now: float) -> float:
        return 0.0 if self.room(now) else (1 - self._held) / self.per_second


@dataclass
class Way:
    """One transport, and how it went of late."""

    transport: Transport
    bucket: Bucket
    outages: int = 0  # in a row
    out_until: float | None = None
    rests_until: float = 0.0
    is_tried: bool = False

    def is_out(self, now: float) -> bool:
        """Whether nothing but the one try may begin, and that only when its time has come."""
        return self.out_until is not None and (self.is_tried or now < self.out_until)

    def hear(self, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, NotStarted) and outcome.rest is not None:
            self.rests_until = max(self.rests_until, now + outcome.rest.total_seconds())
        if isinstance(outcome, (NotStarted, Unknown)) and outcome.is_outage:
            self.outages += 1
        elif isinstance(outcome, (Sent, Rejected, NotStarted)):
            self.outages, self.out_until = 0, None
        # Any other unknown end says nothing of the way, so it ends no outage either.
        if self.outages >= OUTAGES:
            self.out_until = now + OUT_SECONDS


class Channels:
    """The ways in their order. One loop asks `current` and `room`, claims that many for it, and calls `converse`."""

    def __init__(
        self,
        transports: Mapping[str, Transport],
        per_second: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        limits = per_second or {}
        self._ways = {name: Way(its, Bucket(limits.get(name, 0))) for name, its in transports.items()}
        self._clock = clock

    def current(self) -> str:
        """The way to claim for now."""
        now = self._clock()
        awake = [name for name, its in self._ways.items() if its.rests_until <= now]
        well = [name for name in awake if not self._ways[name].is_out(now)]
        return next(iter([*well, *awake, *self._ways]))

    def room(self, limit: int, channel: str | None = None) -> int:
        """How many of `limit` may begin on this way now, or on the current one."""
        now, way = self._clock(), self._ways[channel or self.current()]
        if way.rests_until > now:
            return 0
        is_to_be_tried = way.out_until is not None and not way.is_out(now) and len(self._ways) > 1
        return min(limit, way.bucket.room(now), 1 if is_to_be_tried else limit)

    def seconds_until_room(self) -> float:
        """After which it is worth asking for room again; 0 when there is some."""
        now, ways = self._clock(), self._ways.values()
        current = self._ways[self.current()]
        if current.rests_until > now:
            return min(its.rests_until for its in ways) - now
        return current.bucket.seconds_until_room(now)

    async def converse(self, letter: Letter) -> Outcome:
        """Hand the letter over on the way for which it was claimed."""
        way = self._ways[letter.channel]
        way.bucket.take(self._clock())
        is_try = way.out_until is not None
        way.is_tried = way.is_tried or is_try
        try:
            outcome = await way.transport.converse(letter)
        finally:
            if is_try:
                way.is_tried = False
        way.hear(outcome, self._clock())
        return outcome

    async def close(self) -> None:
        for way in self._ways.values():
            await way.transport.close()
