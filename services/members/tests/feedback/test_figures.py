"""What may be told of answers."""

import random
from collections.abc import Sequence
from itertools import product

import pytest

from members.feedback.figures import counted, safe
from members.feedback.policy import POLICY

RATINGS = ("well", "partly", "not-at-all", "cannot-say")


def answers(numbers: Sequence[int], *groups: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(rating, groups) for rating, number in zip(RATINGS, numbers, strict=True) for _ in range(number)]


def told(*given: int) -> list[int | None]:
    found = counted(answers(given), ratings=RATINGS, groups=(), policy=POLICY)
    return [found.by_group[""][rating] for rating in RATINGS]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ((12, 8, 7, 6), [10, 10, 5, 5]),
        ((30, 20, 12, 1), [30, 20, None, None]),  # the one below five, and the next smallest with it
        ((30, 20, 4, 1), [30, 20, None, None]),
        ((30, 20, 9, 4), [30, 20, None, None]),
        ((30, 20, 2, 1), [None, None, None, None]),  # two hidden cells of three people would be too few
        ((30, 12, 12, 1), [30, None, None, None]),
        ((40, 0, 0, 0), [None, None, None, None]),  # all of one mind is told of nobody
        ((20, 20, 0, 0), [None, None, None, None]),
        ((1, 1, 1, 1), [None, None, None, None]),
        ((5, 0, 0, 0), [None, None, None, None]),
    ],
)
def test_small_cells_are_hidden_and_so_are_those_that_would_tell_them(
    given: tuple[int, ...], shown: list[int | None]
) -> None:
    assert told(*given) == shown


@pytest.mark.parametrize(("many", "answered"), [(0, None), (4, None), (5, 5), (7, 5), (8, 10), (43, 45)])
def test_how_many_answered_is_told_from_five_on_and_to_the_nearest_five(many: int, answered: int | None) -> None:
    found = counted(answers((many, 0, 0, 0)), ratings=RATINGS, groups=(), policy=POLICY)

    assert found.answered == answered


def test_a_group_is_heard_from_ten_people_on() -> None:
    given = [*answers((5, 4, 0, 0), "EO"), *answers((10, 0, 0, 0), "SCS"), *answers((20, 0, 0, 0))]

    found = counted(given, ratings=RATINGS, groups=("EO", "SCS", "MOD"), policy=POLICY)

    assert found.heard == ("SCS",)
    assert set(found.by_group["EO"].values()) == {None}
    assert set(found.by_group["MOD"].values()) == {None}


def test_what_a_group_said_is_told_only_where_many_others_answered_too() -> None:
    def of(others: int) -> list[int | None]:
        given = [*answers((20, 10, 10, 10), "EO"), *answers((others, others, others, others))]
        found = counted(given, ratings=RATINGS, groups=("EO",), policy=POLICY)
        assert found.heard == ("EO",)
        return list(found.by_group["EO"].values())

    assert of(0) == of(1) == of(2) == of(9) == [None] * 4
    assert of(10) == [20, 10, 10, 10]


def test_what_all_others_said_or_none_of_them_is_not_told_by_what_a_group_said() -> None:
    given = [*answers((20, 9, 9, 0), "EO"), *answers((0, 6, 6, 0), "SCS")]

    found = counted(given, ratings=RATINGS, groups=("EO", "SCS"), policy=POLICY)

    assert [found.by_group[""][rating] for rating in RATINGS] == [20, None, None, None]
    assert list(found.by_group["EO"].values()) == [None] * 4  # with it, no senior civil servant has said “well”


def test_groups_that_make_up_everybody_leave_enough_people_hidden_between_them_at_each_answer() -> None:
    given = [
        *answers((40, 30, 30, 20), "AA-AO"),
        *answers((30, 30, 20, 20), "EO"),
        *answers((12, 12, 11, 11), "SCS"),
        *answers((4, 4, 4, 10)),
    ]

    found = counted(given, ratings=RATINGS, groups=("AA-AO", "EO", "SCS"), policy=POLICY)

    assert list(found.by_group["AA-AO"].values()) == [40, 30, 30, 20]
    assert list(found.by_group["EO"].values()) == [30, 30, 20, 20]
    assert list(found.by_group["SCS"].values()) == [None] * 4


@pytest.mark.parametrize("fewest", [5, 10])
def test_who_knows_what_is_told_finds_no_hidden_cell(fewest: int) -> None:
    """Of each hidden cell: whatever it may be, by all tables that would be told in the same way, is a wide range."""
    most = 42  # people in a table; those that are rounded to the same forty are all there
    seen: dict[tuple[object, ...], list[set[int]]] = {}
    for total in range(fewest, most + 1):
        for first, second, third in product(range(total + 1), repeat=3):
            given = (first, second, third, total - first - second - third)
            if given[-1] < 0:
                continue
            shown = (5 * round(total / 5), *safe(dict(zip(RATINGS, given, strict=True)), fewest).values())
            for cell, number in zip(seen.setdefault(shown, [set() for _ in RATINGS]), given, strict=True):
                cell.add(number)
    hidden = [
        cell for shown, cells in seen.items() for number, cell in zip(shown[1:], cells, strict=True) if number is None
    ]

    assert len(hidden) >= 100
    assert [cell for cell in hidden if max(cell) - min(cell) < fewest - 1 or max(cell) < fewest] == []


def test_the_order_of_answers_changes_nothing() -> None:
    given = [*answers((12, 3, 8, 1), "EO"), *answers((4, 9, 7, 2), "EO", "MOD")]
    shuffled = random.Random(1).sample(given, len(given))

    assert counted(given, ratings=RATINGS, groups=("EO", "MOD"), policy=POLICY) == counted(
        shuffled, ratings=RATINGS, groups=("EO", "MOD"), policy=POLICY
    )
