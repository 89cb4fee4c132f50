"""What may be told of the answers of a round: how many said what, in all and in each group. Pure.

Nobody may be found in a figure, nor work out a hidden one from those beside it:
- of fewer than five people in all, or ten in a group, nothing is told; nor of what a group said beside which fewer than
  ten others answered, since taking it from everybody would tell of those;
- where a cell is below the same number, an empty one too, which would tell what nobody said, only those of twice the
  number are told, and only beside two hidden ones at least, which together have as many people as that number;
- what is told is rounded to five, each cell for itself, so that no sum is exact.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from members.feedback.policy import Policy

EVERYBODY: Final = ""
STEP: Final = 5
TWO: Final = 2


@dataclass(frozen=True)
class Figures:
    """To the nearest five; None is hidden. `by_group` holds for each group, everybody too, its numbers by rating."""

    answered: int | None
    heard: tuple[str, ...]
    by_group: Mapping[str, Mapping[str, int | None]]


def counted(
    given: Collection[tuple[str, Sequence[str]]], *, ratings: Sequence[str], groups: Sequence[str], policy: Policy
) -> Figures:
    """From each answer's rating and groups. A group is heard once so many answered that it can be told."""
    many = len(given) >= policy.fewest
    sizes = {group: sum(1 for _, its in given if group in its) for group in groups}
    heard = tuple(group for group in groups if many and sizes[group] >= policy.fewest_of_group)
    told = [group for group in heard if len(given) - sizes[group] >= policy.fewest_of_group]
    by_group = dict[str, Mapping[str, int | None]]({group: dict.fromkeys(ratings) for group in groups})
    by_group |= _of_groups(given, ratings, told, policy.fewest_of_group)
    by_group[EVERYBODY] = safe(_count((rating for rating, _ in given), ratings), policy.fewest)
    return Figures(_rounded(len(given)) if many else None, heard, by_group)


def _of_groups(
    given: Collection[tuple[str, Sequence[str]]], ratings: Sequence[str], groups: Sequence[str], fewest: int
) -> dict[str, dict[str, int | None]]:
    """What these groups said. At an answer that too few gave beside them the smallest is hidden, until enough did."""
    within = {group: _count((rating for rating, its in given if group in its), ratings) for group in groups}
    alike = Counter((said, frozenset(its)) for said, its in given)
    shut: dict[str, set[str]] = {group: set() for group in groups}
    while True:
        tables = {group: safe(within[group], fewest, shut=shut[group]) for group in groups}
        for rating in ratings:
            shown = {group for group in groups if tables[group][rating] is not None}
            beside = sum(many for (said, its), many in alike.items() if said == rating and not shown & its)
            if shown and beside < fewest:
                shut[min(shown, key=lambda group: (within[group][rating], group))].add(rating)
                break
        else:
            return tables


def _count(said: Iterable[str], ratings: Sequence[str]) -> dict[str, int]:
    found = Counter(said)
    return {rating: found[rating] for rating in ratings}


def safe(counts: Mapping[str, int], fewest: int, *, shut: Collection[str] = ()) -> dict[str, int | None]:
    """What may be told of one table: to the nearest five; None is hidden, as what is `shut` for another reason."""
    told = {rating for rating, number in counts.items() if number >= fewest and rating not in shut}
    if len(told) < len(counts):
        told = {rating for rating in told if counts[rating] >= 2 * fewest}
        if len(counts) - len(told) < TWO:
            least = min(counts[rating] for rating in told)
            told = {rating for rating in told if counts[rating] > least}
        if sum(number for rating, number in counts.items() if rating not in told) < fewest:
            told = set()
    return {rating: _rounded(number) if rating in told else None for rating, number in counts.items()}


def _rounded(number: int) -> int:
    return STEP * round(number / STEP)
