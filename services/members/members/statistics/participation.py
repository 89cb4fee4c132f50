"""How many take part, came and went in a period, by organisation and grade band. Pure.

Other departments hear of each who comes, moves or goes, without a name; so these figures hide nothing from them. They
obey the same rules all the same: rounded, and what is small is shown together with more until it is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from members.statistics.counting import Place
from members.statistics.diversity import BY
from members.statistics.tables import rounded

MEASURES: Final = ("members", "joined", "left")


@dataclass(frozen=True)
class Part:
    """`shown` by code; `hidden` are the codes of small ones, and `together` their figure."""

    all: int
    shown: Mapping[str, int]
    hidden: tuple[str, ...]
    together: int


def report(people: Mapping[str, Iterable[Place]], threshold: int) -> dict[str, dict[str, Part]]:
    """For each measure and each of `BY`; `people` are the places of those whom a measure counts."""
    places = {measure: list(people[measure]) for measure in MEASURES}
    every = [{place[of] for its in places.values() for place in its} for of in range(len(BY))]
    return {
        measure: {
            name: part({code: sum(place[of] == code for place in its) for code in every[of]}, threshold)
            for of, name in enumerate(BY)
        }
        for measure, its in places.items()
    }


def part(figures: Mapping[str, int], threshold: int) -> Part:
    """Small ones are hidden, and the next ones until there are two at least and they reach the threshold together."""
    codes = sorted(figures, key=lambda code: (figures[code], code))
    hidden = [code for code in codes if figures[code] < threshold]
    more = [code for code in codes if code not in hidden]
    while hidden and more and (len(hidden) == 1 or sum(figures[code] for code in hidden) < threshold):
        hidden.append(more.pop(0))
    together = sum(figures[code] for code in hidden)
    return Part(
        rounded(sum(figures.values())),
        {code: rounded(figures[code]) for code in sorted(more)},
        tuple(sorted(hidden)),
        rounded(together) if together >= threshold else 0,
    )
