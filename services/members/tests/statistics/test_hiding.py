"""What is shown, hidden and repeated, on figures worked out by hand."""

from collections import Counter
from datetime import date

import pytest

from members.statistics import counting, participation, tables, totals
from members.statistics.counting import Cells, Movement, Person, cells, movement, paths
from members.statistics.periods import Quarter, last_ended, read
from members.statistics.tables import Counts, Limits, rounded

LABELS = ("yes", "no")
GROUPS = {"a": "yes", "b": "yes", "c": "no"}


def people(**figures: str) -> dict[str, Person]:
    """`people(X="EO:10 yes 12 no")`: of organisation X in band EO."""
    found = dict[str, Person]()
    for organisation, words in figures.items():
        for part in words.split(", "):
            band, _, numbers = part.partition(":")
            each = numbers.split()
            for number, code in zip(each[::2], each[1::2], strict=True):
                for _ in range(int(number)):
                    found[f"{organisation}{band}{code}{len(found)}"] = Person((organisation, band), code)
    return found


def counted(its: dict[str, Person]) -> Cells:
    return cells(counting.people(its.values()))


def counts(now: dict[str, Person], then: dict[str, Person] | None = None, *, threshold: int = 5) -> Counts:
    def since(period: str) -> Movement:
        assert period == "Q1"
        its = then or {}
        ways = paths(counting.people(now.values()), counting.people(map(its.get, now)))
        return movement(ways, counted(its), str)

    period = "Q1" if then is None else "Q2"
    return Counts(counted(now), 0, LABELS, Limits(threshold, 10), period, since)


def out(then: dict[str, Person]) -> tables.Table:
    table = tables.first(counts(then))
    assert table is not None
    return table


def shown(table: tables.Table | None) -> tuple[list[str], tuple[str, ...], dict[str, int]]:
    assert table is not None
    rest = table.rest
    return [row.codes[0] for row in table.rows], rest.codes if rest else (), dict(rest.figures) if rest else {}


@pytest.mark.parametrize(("figure", "told"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_figures_are_rounded_to_the_nearest_five(figure: int, told: int) -> None:
    assert rounded(figure) == told


def test_rows_whose_figures_all_reach_the_threshold_are_shown_and_the_others_together() -> None:
    now = people(A="EO:20 yes 20 no", B="EO:8 yes 4 no", C="EO:4 yes 30 no", D="EO:9 yes 9 no")

    assert shown(tables.first(counts(now))) == (["A", "D"], ("B", "C"), {"yes": 10, "no": 35})


def test_one_small_row_takes_the_smallest_other_with_it() -> None:
    now = people(A="EO:20 yes 20 no", B="EO:3 yes 20 no", C="EO:11 yes 12 no")

    assert shown(tables.first(counts(now))) == (["A"], ("B", "C"), {"yes": 15, "no": 30})


def test_rows_that_share_no_grade_with_each_other_hide_nothing_of_each_other() -> None:
    now = people(A="EO:20 yes 20 no", B="SCS:3 yes 20 no", C="EO:3 yes 20 no")

    assert tables.first(counts(now)) is None


def test_a_row_of_too_few_people_is_not_shown_whatever_they_answered() -> None:
    now = people(A="EO:20 yes 20 no", B="EO:4 yes 4 no", C="EO:20 yes 20 no")

    assert shown(tables.first(counts(now, threshold=4)))[1] == ("A", "B")


def test_of_a_single_organisation_there_is_no_table() -> None:
    assert tables.first(counts(people(A="EO:4 yes 20 no"))) is None


def test_a_row_in_which_one_person_came_repeats_its_earlier_figures() -> None:
    then = people(A="EO:20 yes 20 no", B="EO:20 yes 20 no")
    now = then | {"new": Person(("A", "EO"), "yes")}

    assert tables.following(counts(now, then), out(then)) == out(then)


def test_where_many_came_as_many_went_the_figures_are_new() -> None:
    then = people(A="EO:20 yes 20 no", B="EO:20 yes 20 no")
    went = [who for who in then if who.startswith("AEOyes")][:9] + [who for who in then if who.startswith("BEOno")][:9]
    came = {f"new{n}": Person(("A" if n < 12 else "B", "EO"), "yes" if n < 12 else "no") for n in range(20)}
    now = {who: its for who, its in then.items() if who not in went} | came

    table = tables.following(counts(now, then), out(then))

    assert {row.codes: (row.period, dict(row.figures)) for row in table.rows} == {
        ("A",): ("Q2", {"yes": 25, "no": 20}),
        ("B",): ("Q2", {"yes": 20, "no": 20}),
    }


def test_where_many_have_answered_since_the_figures_are_new() -> None:
    then = people(A="EO:10 yes 40 no", B="EO:10 yes 40 no")
    now = dict(then)
    for who in [who for who in then if "no" in who][::3]:
        now[who] = Person(then[who].place, "yes")

    table = tables.following(counts(now, then), out(then))

    assert [(row.period, dict(row.figures)) for row in table.rows] == [
        ("Q2", {"yes": 25, "no": 25}),
        ("Q2", {"yes": 25, "no": 25}),
    ]


def test_what_is_repeated_is_no_single_row_that_all_else_gives_away() -> None:
    then = people(A="EO:20 yes 20 no", B="EO:20 yes 20 no", C="EO:20 yes 20 no")
    now = dict(then) | {"new": Person(("C", "EO"), "yes")}
    for who in [who for who in then if "no" in who and not who.startswith("C")][::3]:
        now[who] = Person(then[who].place, "yes")

    table = tables.following(counts(now, then), out(then))

    assert {row.codes[0]: row.period for row in table.rows} == {"A": "Q1", "B": "Q2", "C": "Q1"}


def test_what_few_answered_is_shown_with_another_answer_of_their_group() -> None:
    its = totals.first(counted(people(A="EO:3 a 20 b 30 c")), GROUPS, Limits(10, 10), "Q1")

    assert its == totals.Total("Q1", 55, {"c": 30}, {"yes": (("a", "b"), 25)})


def test_a_characteristic_of_which_a_group_is_too_small_is_not_shown() -> None:
    assert totals.first(counted(people(A="EO:3 a 4 b 90 c")), GROUPS, Limits(10, 10), "Q1") is None


def test_who_left_is_what_was_counted_and_is_not_there_and_who_deleted_their_answers_protects_nobody() -> None:
    then = {"ada": Person(("A", "EO"), None), "ben": Person(("A", "EO"), "no")}
    now = {"ada": Person(("A", "EO"), "no"), "cleo": Person(("A", "EO"), "yes")}

    ways = paths(counting.people(now.values()), counting.people([then["ada"], None]))
    its = movement(ways, {("A", "EO"): Counter(yes=1, no=3)}, str)

    assert (its.left, its.joined) == ({("A", "EO"): Counter(no=2)}, {("A", "EO"): Counter(yes=1)})
    assert (its.stayed, its.known) == ({}, 1)


def test_participation_hides_small_parts_together() -> None:
    assert participation.part({"A": 100, "B": 3, "C": 12, "D": 0}, 5) == participation.Part(
        115, {"A": 100}, ("B", "C", "D"), 15
    )
    assert participation.part({"A": 100, "B": 3}, 5) == participation.Part(105, {}, ("A", "B"), 105)
    assert participation.part({"A": 1, "B": 3}, 5) == participation.Part(5, {}, ("A", "B"), 0)


@pytest.mark.parametrize(
    ("today", "code", "words"),
    [
        (date(2026, 11, 26), "2026-Q3", "July to September 2026"),
        (date(2026, 1, 1), "2025-Q4", "October to December 2025"),
        (date(2026, 3, 31), "2025-Q4", "October to December 2025"),
        (date(2026, 4, 1), "2026-Q1", "January to March 2026"),
    ],
)
def test_the_last_quarter_that_is_over(today: date, code: str, words: str) -> None:
    assert (last_ended(today).code, last_ended(today).words) == (code, words)


def test_a_quarter_is_read_from_its_code_and_has_its_days() -> None:
    assert read("2026-Q4") == Quarter(2026, 4)
    assert (Quarter(2026, 4).first_day, Quarter(2026, 4).last_day) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (Quarter(2024, 1).first_day, Quarter(2024, 1).last_day) == (date(2024, 1, 1), date(2024, 3, 31))
    assert [read(code) for code in ("2026-Q5", "2026", "26-Q1", "2026-Q1x", "")] == [None] * 5
