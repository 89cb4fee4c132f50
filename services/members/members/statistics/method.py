"""How a release is made. That is kept with it: limits and method may be others by the next one. Pure."""

from dataclasses import dataclass
from typing import Final

from members.monitoring.questions import Characteristic, Questions
from members.statistics.tables import Limits

VERSION: Final = 1  # told by statistics/method_1.html; whoever makes releases otherwise writes the next one beside it


@dataclass(frozen=True)
class Method:
    """The limits are numbers of people, as the settings of that day had them."""

    version: int
    threshold: int
    special_threshold: int
    population: int

    def limits(self, its: Characteristic) -> Limits:
        return Limits(self.special_threshold if its.special else self.threshold, self.population)


def special(asked: Questions) -> str:
    """What the law counts among the special categories, as it stands in a sentence."""
    *first, last = [its.title.lower() for its in asked.characteristics if its.special]
    return f"{', '.join(first)} and {last}"
