"""Tells a person what is said on the streams, event by event, and who reacts to it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chassis.web.times import date, day, time_of_day
from contracts import generate
from contracts.catalogue import BY_TYPE
from contracts.streams import SERVICES, internal_stream
from gse_platform.causal import Event, in_causal_order
from gse_platform.home import CannotGoOn
from gse_platform.tail import Reach, cloud_event, read

MANY = 4
STREAMS = [internal_stream(service) for service in SERVICES]


@dataclass
class Listener:
    """Reads the four internal streams while the story goes on, and keeps what it has not told yet."""

    kafka: Mapping[str, Any]
    since: datetime | None = None  # what happened before this business instant is known and not told
    untold: list[Event] = field(default_factory=list)
    everything: list[Event] = field(default_factory=list)
    heard: set[tuple[str, str]] = field(default_factory=set)  # names and subjects
    titles: dict[str, str] = field(default_factory=dict)  # of things, by their id
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """For ever; cancel it to stop."""
        async for record in read(self.kafka, STREAMS, Reach(from_beginning=True)):
            event = cloud_event(record)
            if event is None:
                continue
            if title := (event.get("data") or {}).get("title"):
                self.titles[event["subject"]] = title
            async with self._more:
                self.everything.append(event)
                self.heard.add((name_of(event), event["subject"]))
                if self.since is None or datetime.fromisoformat(event["time"]) >= self.since:
                    self.untold.append(event)
                self._more.notify_all()

    async def wait_for(self, name: str, subject: str, *, seconds: float) -> None:
        """Until an event of this name about this subject was heard. Raises CannotGoOn when it does not come."""
        try:
            async with asyncio.timeout(seconds), self._more:
                await self._more.wait_for(lambda: (name, subject) in self.heard)
        except TimeoutError:
            raise CannotGoOn(f"{name} did not come within {seconds:.0f} s: look at ./gse status.") from None

    def tell(self, say: Callable[[str], None]) -> None:
        """Say what was heard since the last time, cause before effect."""
        events, self.untold = in_causal_order(self.untold), []
        for line in lines(events, self.titles, generate.reactions()):
            say(line)


def lines(events: Iterable[Event], titles: Mapping[str, str], reactions: Mapping[str, list[str]]) -> list[str]:
    """What to say of events in this order: few of a name one by one, many as one line where the first stood."""
    everything = list(events)
    counts = Counter(map(name_of, everything))
    grouped: dict[str, list[Event]] = {}
    for event in everything:
        name = name_of(event)
        grouped.setdefault(name if counts[name] > MANY else event["id"], []).append(event)
    told = []
    for same in grouped.values():
        first, name = same[0], name_of(same[0])
        what = f", {len(same):,} times" if len(same) > 1 else about(first, titles)
        told.append(f"  {said_at(first)}  {service_of(first)} says {name}{what}")
        if reacting := reactions.get(BY_TYPE[first["type"]].__name__):
            told.append(f"{'':12}→ {', '.join(f'{who} {how}' for who, how in (its.split(': ') for its in reacting))}")
    return told


def chapter(when: datetime, title: str) -> str:
    """`Thursday 11 February 2027: …`."""
    return f"\n{day(when)} {date(when)[-4:]}: {title}"


def name_of(event: Event) -> str:
    """`MemberJoined`."""
    return str(event["type"]).rpartition(".v")[0].rpartition(".")[2]


def service_of(event: Event) -> str:
    return str(event["type"]).removeprefix("uk.gov.gse.").partition(".")[0]


def said_at(event: Event) -> str:
    """The business time of day, `9:05am`, to one width."""
    return f"{time_of_day(datetime.fromisoformat(event['time'])):>8}"


def about(event: Event, titles: Mapping[str, str]) -> str:
    """What the event is about, by the title that was published of it."""
    data = event.get("data") or {}
    title = titles.get(event["subject"]) or titles.get(data.get("key_date_id", ""))
    return f": {title}" if title else ""
