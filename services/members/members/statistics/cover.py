"""Whether figures can go out: what somebody could work out of them who knows everything but the answers. Pure.

Such an attacker knows from the public events who is where and in which grade band, at the time of every release; knows
these rules; and may even know each published figure before it was rounded. What protects is that the same figures come
about in other ways too: `cover` counts by how much a hidden one can differ.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from members.statistics.counting import NOBODY, Cells, Movement, Place


def cover_of_hidden(
    now: Cells, rows: Mapping[str, Collection[Place]], labels: Iterable[str], across: int
) -> dict[str, int]:
    """Of each hidden row: by how much its least protected figure can differ while nothing else that is known does.

    Two hidden rows may have exchanged people with different answers in the same place across (`across` is 1 for the
    grade band, 0 for the organisation): neither the figures of the other rows, nor the hidden ones together, nor those
    of the table across would change. In each such place a hidden figure ranges between the bounds of Fréchet.
    """
    together: dict[str, Counter[str]] = {}
    for places in rows.values():
        for place in places:
            together.setdefault(place[across], Counter()).update(now.get(place, NOBODY))
    found = dict[str, int]()
    for row, places in rows.items():
        widths = Counter[str](dict.fromkeys(labels, 0))
        for place in places:
            here, there = now.get(place, NOBODY).total(), together[place[across]]
            everybody = there.total()
            for label in widths:
                widths[label] += min(here, there[label], everybody - there[label], everybody - here)
        found[row] = min(widths.values())
    return found


def is_hidden(
    now: Cells, rows: Mapping[str, Collection[Place]], labels: Collection[str], across: int, threshold: int
) -> bool:
    """Whether each of these rows is hidden well enough, when their figures together may be known."""
    people = {row: sum(now.get(place, NOBODY).total() for place in places) for row, places in rows.items()}
    cover = cover_of_hidden(now, rows, labels, across)
    return all(cover[row] >= min(threshold, people[row]) for row in rows)


def cover_of_change(moved: Movement, places: Iterable[Place], labels: Iterable[str]) -> Counter[str]:
    """By how much the answers of who came and went can differ, label by label, while the figures of both times stay.

    One who joined may have answered as one who left did, and somebody who stayed as neither: with these three
    exchanged, no figure of either time changes.
    """
    found = Counter(dict.fromkeys(labels, 0))
    for place in places:
        joined, left, stayed = (its.get(place, NOBODY) for its in (moved.joined, moved.left, moved.stayed))
        both = {label: min(joined[label], left[label]) for label in found}
        pairs, stays = sum(both.values()), stayed.total()
        for label, each in both.items():
            found[label] += min(pairs - each, stayed[label]) + min(each, stays - stayed[label])
    return found


def evident_changes(now: Counter[str], before: Counter[str], came: int) -> int:
    """How many must have changed their answers, as everybody can see: the figures differ by more people than came."""
    return max(0, sum(max(0, now[label] - before[label]) for label in now) - came)


def cover_of_leavers(
    moved: Movement, row: Collection[Place], others: Iterable[Place], labels: Iterable[str], across: int
) -> int:
    """By how much an earlier hidden figure of a row that is shown now can differ: by those who have left since.

    They may have exchanged their answers with those who left other hidden rows.
    """
    theirs: dict[str, Counter[str]] = {}
    for place in others:
        theirs.setdefault(place[across], Counter()).update(moved.left.get(place, NOBODY))
    widths = Counter[str](dict.fromkeys(labels, 0))
    for place in row:
        gone, there = moved.left.get(place, NOBODY), theirs.get(place[across], NOBODY)
        both = gone + there
        for label in widths:
            widths[label] += min(gone.total(), there.total(), both[label], both.total() - both[label])
    return min(widths.values())
