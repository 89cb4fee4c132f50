"""People counted by place and answer, and what moved between an earlier release and now. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Place = tuple[str, str]
"""An organisation and a grade band."""
Cells = Mapping[Place, Counter[str]]
"""How many people gave which answer, place by place."""


class Person(NamedTuple):
    """As one is counted. In an earlier release `code` is None for who has deleted their answers since."""

    place: Place
    code: str | None


Counted = tuple[Place, str | None]
"""A `Person`, or a plain tuple like it: of ten thousand members these are made many times, and made faster."""
People = Mapping[Any, Counted]
"""By any name that is the same in all releases."""


@dataclass(frozen=True)
class Movement:
    """Between a release and now, by place and label.

    `stayed`: in the same place with the same label; `joined`: here now, nowhere then; `left`: here then, nowhere now.
    Who moved between places or changed an answer is none of these. `before` is what the release counted.
    """

    stayed: Cells
    joined: Cells
    left: Cells
    before: Cells
    remained: tuple[Counter[str], Counter[str]]
    """How many of each organisation, of each band, were there then and are now."""
    known: int
    """How many of all were anywhere then and are now."""


def cells(people: Iterable[Counted], label: Callable[[str], str]) -> dict[Place, Counter[str]]:
    counted: dict[Place, Counter[str]] = {}
    for (place, code), figure in Counter(people).items():
        if code is not None:
            counted.setdefault(place, Counter())[label(code)] += figure
    return counted


def relabelled(its: Cells, label: Callable[[str], str]) -> dict[Place, Counter[str]]:
    found: dict[Place, Counter[str]] = {}
    for place, figures in its.items():
        there = found.setdefault(place, Counter())
        for code, figure in figures.items():
            there[label(code)] += figure
    return found


def movement(now: People, then: People, before: Cells, label: Callable[[str], str]) -> Movement:
    """`before` is everything that the release counted, also those of whom nothing is kept any more: they left."""
    stayed, joined = dict[Place, Counter[str]](), dict[Place, Counter[str]]()
    organisations, bands, everybody = Counter[str](), Counter[str](), 0
    known = cells(then.values(), label)
    unsaid = Counter(place for place, code in then.values() if code is None)  # nobody knows any more as what
    # Alike people are counted first, since they are few kinds.
    for ((place, code), earlier), figure in Counter(zip(now.values(), map(then.get, now), strict=True)).items():
        answer = label(code or "")
        if earlier is None:
            joined.setdefault(place, Counter())[answer] += figure
            continue
        was, said = earlier
        everybody += figure
        organisations[place[0]] += figure * (place[0] == was[0])
        bands[place[1]] += figure * (place[1] == was[1])
        if said is not None and was == place and label(said) == answer:
            stayed.setdefault(place, Counter())[answer] += figure
    labelled = relabelled(before, label)
    left = {
        place: figures - known.get(place, Counter()) - Counter(dict.fromkeys(figures, unsaid[place]))
        for place, figures in labelled.items()
    }
    return Movement(stayed, joined, left, labelled, (organisations, bands), everybody)


def total(its: Cells, places: Iterable[Place]) -> Counter[str]:
    """The figures of some places together."""
    found = Counter[str]()
    for place in places:
        found.update(its.get(place, {}))
    return found
