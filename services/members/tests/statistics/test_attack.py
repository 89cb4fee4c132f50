"""Nobody can be found in the figures: an attacker with a linear programme tries it, and finds people in naive ones."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from attacker.attack import Attacker, attacked, releases
from attacker.populations import Population, drawn
from members.statistics.counting import people
from members.statistics.diversity import Earlier, Figures, figures
from members.statistics.tables import Row, Table

SEEDS = range(30)


@pytest.mark.parametrize(
    ("quarters", "seeds", "looked_at", "shown", "repeated"), [(3, SEEDS, 1957, 95, 173), (4, range(12), 991, 32, 92)]
)
def test_in_random_professions_over_some_quarters_no_attacker_narrows_a_hidden_figure_below_the_threshold(
    quarters: int, seeds: range, looked_at: int, shown: int, repeated: int
) -> None:
    outcomes = [attacked(drawn(seed, quarters)) for seed in seeds]

    assert [found for outcome in outcomes for found in outcome.found] == []
    assert sum(outcome.looked_at for outcome in outcomes) == looked_at
    assert sum(outcome.shown for outcome in outcomes) == shown
    assert sum(outcome.repeated for outcome in outcomes) == repeated


def test_one_row_that_is_hidden_alone_is_found() -> None:
    assert _are_found(its for its in map(_first_alone, map(drawn, SEEDS)) if its)


def test_who_came_or_went_is_found_where_every_quarter_is_counted_anew() -> None:
    assert _are_found((its, [_anew(its, number) for number in range(2)]) for its in map(drawn, SEEDS))


def _are_found(tried: Iterable[tuple[Population, list[Figures | None]]]) -> bool:
    return any(Attacker(its, published).looks()[0] for its, published in tried)


def _first_alone(its: Population) -> tuple[Population, list[Figures | None]] | None:
    """The first quarter, with all that is hidden by organisation but one row shown."""
    alone = replace(its, quarters=its.quarters[:1])
    [published] = releases(alone)
    rest = published.by["organisation"].rest if published and "organisation" in published.by else None
    if published is None or rest is None:
        return None
    table = published.by["organisation"]
    shown = tuple(Row((code,), "Q0", {}) for code in rest.codes[1:])
    naive = Table((*table.rows, *shown), replace(rest, codes=rest.codes[:1]))
    return alone, [replace(published, by={"organisation": naive})]


def _anew(its: Population, number: int) -> Figures | None:
    def nothing(period: str) -> Earlier:
        return Earlier(people([]), {})

    return figures(
        people(its.quarters[number].values()), its.asked, its.limits, f"Q{number}", before=None, earlier=nothing
    )
