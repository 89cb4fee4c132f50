"""People counted by place and answer, and what moved between an earlier release and now. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

Place = tuple[str, str]
"""An organisation and a grade band."""
Cells = Mapping[Place, Counter[str]]
"""How many people gave which answer, place by place."""
NOBODY: Final = Counter[str]()


class Person(NamedTuple):
    """As one is counted. In an earlier release `code` is None for who has deleted their answers since."""

    place: Place
    code: str | None


@dataclass(frozen=True)
class People:
    """Everybody, in one order for all releases: of each the key of what they are in `kinds`.

    Of ten thousand members few are of different kinds. None is who was not there.
    """

    each: Sequence[Hashable]
    kinds: Mapping[Any, Person | None]


Path = tuple[Person, Person | None, int]
"""As what some people are counted now, and as what they were in an earlier release; and how many they are."""


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


def people(its: Iterable[Person | None]) -> People:
    each = list(its)
    return People(each, {kind: kind for kind in each})


def cells(its: People) -> dict[Place, Counter[str]]:
    counted = defaultdict[Place, Counter[str]](Counter)
    for key, figure in Counter(its.each).items():
        kind = its.kinds[key]
        if kind is not None and kind.code is not None:
            counted[kind.place][kind.code] += figure
    return dict(counted)


def relabelled(its: Cells, label: Callable[[str], str]) -> dict[Place, Counter[str]]:
    found = defaultdict[Place, Counter[str]](Counter)
    for place, figures in its.items():
        there = found[place]
        for code, figure in figures.items():
            there[label(code)] += figure
    return dict(found)


def paths(now: People, then: People) -> list[Path]:
    """Alike people are counted together; everybody is there now."""
    return [
        (kind, then.kinds[before], figure)
        for (key, before), figure in Counter(zip(now.each, then.each, strict=True)).items()
        if (kind := now.kinds[key]) is not None
    ]


def movement(of: Iterable[Path], before: Cells, label: Callable[[str], str]) -> Movement:
    """`before` is everything that the release counted, also those of whom nothing is kept any more: they left."""
    stayed, joined, known = (defaultdict[Place, Counter[str]](Counter) for _ in range(3))
    organisations, bands, unsaid, everybody = Counter[str](), Counter[str](), Counter[Place](), 0
    for now, then, figure in of:
        answer = label(now.code or "")
        if then is None:
            joined[now.place][answer] += figure
            continue
        was, said = then
        everybody += figure
        organisations[now.place[0]] += figure * (now.place[0] == was[0])
        bands[now.place[1]] += figure * (now.place[1] == was[1])
        if said is None:
            unsaid[was] += figure  # nobody knows any more as what
            continue
        known[was][label(said)] += figure
        if was == now.place and label(said) == answer:
            stayed[was][answer] += figure
    labelled = relabelled(before, label)
    left = {place: _left(figures, known.get(place, NOBODY), unsaid[place]) for place, figures in labelled.items()}
    return Movement(dict(stayed), dict(joined), left, labelled, (organisations, bands), everybody)


def _left(before: Counter[str], known: Counter[str], unsaid: int) -> Counter[str]:
    gone = {label: figure - known[label] - unsaid for label, figure in before.items()}
    return Counter({label: figure for label, figure in gone.items() if figure > 0})


def total(its: Cells, places: Iterable[Place]) -> Counter[str]:
    """The figures of some places together."""
    found = Counter[str]()
    for place in places:
        for label, figure in its.get(place, NOBODY).items():
            found[label] += figure
    return found
