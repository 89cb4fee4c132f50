"""The figures of one characteristic for all members together, answer by answer. Pure.

Answers that few have given are shown as one figure, within the broader group in which they stand: of each group two
answers are hidden or none, and the hidden ones reach the threshold together.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from members.statistics.counting import Cells, Movement, Place, relabelled, total
from members.statistics.cover import cover_of_change, evident_changes
from members.statistics.tables import Limits, rounded


@dataclass(frozen=True)
class Total:
    """`figures` are rounded, by answer; `hidden` are by group the hidden answers and their figure together."""

    period: str
    people: int
    figures: Mapping[str, int]
    hidden: Mapping[str, tuple[tuple[str, ...], int]]


def first(now: Cells, group_of: Mapping[str, str], limits: Limits, period: str) -> Total | None:
    """Of a characteristic that is not out yet; None when it can't be: a group is too small for all members together."""
    figures = total(now, now)
    groups = _groups(figures, group_of)
    if figures.total() < limits.population or any(groups[group] < limits.threshold for group in set(group_of.values())):
        return None
    return _shown(figures, group_of, _hidden(figures, group_of, limits.threshold), period)


def following(
    now: Cells, group_of: Mapping[str, str], limits: Limits, period: str, *, before: Total, moved: Movement
) -> Total:
    """After another release; `before` itself when new figures would tell of few. `moved`, by answers, since then."""
    its = first(now, group_of, limits, period)
    if its is None:
        return before
    threshold = limits.threshold
    evident = evident_changes(total(now, now), total(moved.before, moved.before), _came(now, moved)) >= threshold
    gone = total(moved.left, moved.left)
    for group, (codes, _) in before.hidden.items():
        now_hidden = its.hidden.get(group, ((), 0))[0]
        if set(codes) - set(now_hidden) and not evident and sum(gone[code] for code in codes) < threshold:
            return before
    together = {code: group for group, (codes, _) in its.hidden.items() for code in codes}
    stayed, joined, left = (_merged(cells, together) for cells in (moved.stayed, moved.joined, moved.left))
    merged = replace(moved, stayed=stayed, joined=joined, left=left)
    labels = {together.get(code, code) for code in group_of}
    cover = cover_of_change(merged, _places(now, moved), labels)
    return its if evident or min(cover[label] for label in labels) >= threshold else before


def _merged(its: Cells, together: Mapping[str, str]) -> Cells:
    return relabelled(its, lambda code: together.get(code, code))


def _hidden(figures: Counter[str], group_of: Mapping[str, str], threshold: int) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for group in set(group_of.values()):
        codes = sorted((code for code in group_of if group_of[code] == group), key=lambda code: (figures[code], code))
        small = [code for code in codes if figures[code] < threshold]
        more = [code for code in codes if code not in small]
        while small and more and (len(small) == 1 or sum(figures[code] for code in small) < threshold):
            small.append(more.pop(0))
        if small:
            found[group] = set(small)
    return found


def _shown(figures: Counter[str], group_of: Mapping[str, str], hidden: Mapping[str, set[str]], period: str) -> Total:
    all_hidden = set[str]().union(*hidden.values())
    return Total(
        period,
        rounded(figures.total()),
        {code: rounded(figures[code]) for code in group_of if code not in all_hidden},
        {
            group: (tuple(code for code in group_of if code in codes), rounded(sum(figures[code] for code in codes)))
            for group, codes in hidden.items()
        },
    )


def _groups(figures: Counter[str], group_of: Mapping[str, str]) -> Counter[str]:
    found = Counter[str]()
    for code, figure in figures.items():
        found[group_of[code]] += figure
    return found


def _came(now: Cells, moved: Movement) -> int:
    return total(now, now).total() - moved.known


def _places(now: Cells, moved: Movement) -> set[Place]:
    return set(now) | set(moved.before)
