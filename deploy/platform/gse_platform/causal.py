"""Events of several streams in the order in which one led to the other."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

Event = Mapping[str, Any]  # in the JSON form of `gse_platform.tail.cloud_event`
NO_TIME = datetime.min.replace(tzinfo=UTC)


def in_causal_order(events: Iterable[Event]) -> list[Event]:
    """Every event after its cause, and after the numbers before it of its subject on its stream; else by its time.

    A cause that is not among them holds nothing up. What waits for itself in a circle, which no service says, comes
    by its time.
    """
    by_time = sorted(events, key=lambda event: (_time(event), event["stream"], event["partition"], event["offset"]))
    followers: dict[int, list[int]] = defaultdict(list)
    waits_for = [0] * len(by_time)
    for before, after in _constraints(by_time):
        followers[before].append(after)
        waits_for[after] += 1
    return [by_time[place] for place in _freed_first(followers, waits_for)]


def _freed_first(followers: Mapping[int, list[int]], waits_for: list[int]) -> Iterator[int]:
    """Again and again the lowest place that waits for nothing; where all that is left waits, the lowest."""
    free = [place for place, number in enumerate(waits_for) if not number]
    given = [False] * len(waits_for)
    for lowest in range(len(waits_for)):
        while free or not given[lowest]:
            place = heapq.heappop(free) if free else lowest
            if given[place]:
                continue
            given[place] = True
            yield place
            for after in followers.get(place, ()):
                waits_for[after] -= 1
                if not waits_for[after]:
                    heapq.heappush(free, after)


def _constraints(events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Which place comes before which."""
    said: dict[str, int] = {}
    lines: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for place, event in enumerate(events):
        said.setdefault(event["id"], place)  # what was sent twice was heard the first time
        number = str(event.get("sequence", ""))
        if number.isdecimal() and "subject" in event:
            lines[event["stream"], event["subject"]].append((int(number), place))
    for place, event in enumerate(events):
        cause = said.get(event.get("causationid", ""))
        if cause is not None and cause != place:
            yield cause, place
    for line in lines.values():
        yield from ((before, after) for (_, before), (_, after) in pairwise(sorted(line)))


def _time(event: Event) -> datetime:
    try:
        found = datetime.fromisoformat(event["time"])
    except (KeyError, ValueError):
        return NO_TIME
    return found if found.tzinfo else found.replace(tzinfo=UTC)
