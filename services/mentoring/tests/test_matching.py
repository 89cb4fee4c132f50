"""Matching: nobody twice, nobody who may not, and as good as trying everything."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.members import Grade
from contracts.mentoring import MatchRunCompleted, MentoringPairCreated
from mentoring import matching
from mentoring.domain import Pair
from mentoring.matching import Entrant, PoolTooLarge, Proposal

RUN = UUID("00000000-0000-4000-8000-0000000000ff")
MARCH = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)


def entrant(number: int, organisation: str, grade: Grade, offers: str = "", seeks: str = "") -> Entrant:
    return Entrant(UUID(int=number), organisation, grade, frozenset(offers.split()), frozenset(seeks.split()))


ADA = entrant(1, "UKHSA", Grade.HEO, offers="python", seeks="sql writing")
BEN = entrant(2, "DEFRA", Grade.SEO, offers="sql", seeks="python")
CAL = entrant(3, "UKHSA", Grade.HEO, offers="sql writing", seeks="python")
DEE = entrant(4, "DSTL", Grade.SCS1)
EVE = entrant(5, "MOD", Grade.G7)

skills = st.frozensets(st.sampled_from("abcde"), max_size=3)
pools = st.lists(
    st.tuples(st.sampled_from(["UKHSA", "DEFRA", "MOD"]), st.sampled_from(list(Grade)), skills, skills), max_size=8
).map(lambda people: [Entrant(UUID(int=place), *person) for place, person in enumerate(people, start=1)])


def every_way(pool: Sequence[Entrant], *, across: bool) -> Iterator[tuple[int, int]]:
    """The number of pairs and the sum of scores of every way to pair a pool, found by trying them all."""
    if not pool:
        yield 0, 0
        return
    one, *rest = pool
    yield from every_way(rest, across=across)
    for place, other in enumerate(rest):
        if matching.may_pair(one, other, across_organisations=across):
            for pairs, total in every_way(rest[:place] + rest[place + 1 :], across=across):
                yield pairs + 1, total + matching.score(one, other)


@given(pools, st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_way_to_pair_a_pool_is_better(pool: list[Entrant], across: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    proposals = matching.propose(pool, across_organisations=across)

    assert (len(proposals), sum(its.score for its in proposals)) == max(every_way(pool, across=across))


@given(pools, st.booleans())
@settings(max_examples=150, deadline=None)
def test_nobody_is_paired_twice_or_with_somebody_excluded(pool: list[Entrant], across: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    by_id = {its.member_id: its for its in pool}
    proposals = matching.propose(pool, across_organisations=across)

    paired = [member_id for its in proposals for member_id in (its.first, its.second)]
    assert len(paired) == len(set(paired))
    for its in proposals:
        one, other = by_id[its.first], by_id[its.second]
        assert its.first < its.second
        assert not (across and one.organisation == other.organisation)
        assert abs(list(Grade).index(one.grade) - list(Grade).index(other.grade)) <= 2


def test_a_pair_says_why_in_counts_and_grades_and_quotes_nobody() -> None:
    assert matching.propose([BEN, ADA], across_organisations=True) == [
        Proposal(
            UUID(int=1),
            UUID(int=2),
            23,
            (
                "The first offers 1 of the skills that the second seeks.",
                "The second offers 1 of the skills that the first seeks.",
                "Their grades are one apart.",
                "They work for different organisations.",
            ),
        )
    ]


def test_colleagues_are_paired_only_where_the_scheme_allows_it() -> None:
    assert matching.propose([ADA, CAL], across_organisations=True) == []
    assert [(its.first, its.second, its.score) for its in matching.propose([ADA, CAL], across_organisations=False)] == [
        (UUID(int=1), UUID(int=3), 36)
    ]


def test_grades_more_than_two_apart_are_never_paired() -> None:
    assert matching.propose([ADA, DEE], across_organisations=True) == []
    assert len(matching.propose([DEE, EVE], across_organisations=True)) == 1


def test_as_many_as_can_be_are_paired_even_if_the_best_two_part_for_it() -> None:
    ladder = [
        entrant(1, "UKHSA", Grade.AA),
        entrant(2, "DEFRA", Grade.EO, offers="sql", seeks="python"),
        entrant(3, "MOD", Grade.EO, offers="python", seeks="sql"),
        entrant(4, "DSTL", Grade.SEO),
    ]

    assert [(its.first.int, its.second.int) for its in matching.propose(ladder, across_organisations=True)] in (
        [(1, 2), (3, 4)],
        [(1, 3), (2, 4)],
    )


def test_the_same_pool_in_another_order_gives_the_same_pairs() -> None:
    pool = [ADA, BEN, CAL, EVE]

    assert matching.propose(pool, across_organisations=True) == matching.propose(pool[::-1], across_organisations=True)


def test_an_empty_pool_has_no_pairs() -> None:
    assert matching.propose([], across_organisations=True) == []


def test_a_pool_above_five_hundred_is_refused() -> None:
    with pytest.raises(PoolTooLarge):
        matching.propose([entrant(number, "MOD", Grade.EO) for number in range(501)], across_organisations=True)


def test_a_grade_nearer_never_outweighs_a_skill() -> None:
    scores = [
        matching.score(ADA, entrant(9, "MOD", grade, offers=offers))
        for offers, grade in (("", Grade.AO), ("", Grade.EO), ("", Grade.HEO), ("sql", Grade.AO))
    ]

    assert all(lower < higher for lower, higher in pairwise(scores))


def proposed(first: int, second: int) -> Pair:
    return Pair(UUID(int=100 * first + second), UUID(int=first), UUID(int=second), score=3, reasons=())


def test_publishing_makes_the_proposed_pairs() -> None:
    created, completed = matching.publish(RUN, [proposed(1, 2)], [ADA, BEN], across_organisations=True, now=MARCH)

    assert created == [
        MentoringPairCreated(pair_id=UUID(int=102), first_member_id=UUID(int=1), second_member_id=UUID(int=2))
    ]
    assert completed == MatchRunCompleted(run_id=RUN, published_at=MARCH)


def test_a_publication_is_said_to_the_second() -> None:
    _, completed = matching.publish(RUN, [], [], across_organisations=True, now=MARCH.replace(microsecond=123456))

    assert completed.published_at == MARCH


def test_publishing_drops_pairs_of_who_no_longer_waits() -> None:
    created, _ = matching.publish(
        RUN, [proposed(1, 2), proposed(4, 5)], [ADA, DEE, EVE], across_organisations=True, now=MARCH
    )

    assert [its.pair_id for its in created] == [UUID(int=405)]


def test_publishing_drops_a_pair_whose_members_have_become_colleagues() -> None:
    ben = entrant(2, "UKHSA", Grade.SEO)

    assert matching.publish(RUN, [proposed(1, 2)], [ADA, ben], across_organisations=True, now=MARCH)[0] == []
    assert len(matching.publish(RUN, [proposed(1, 2)], [ADA, ben], across_organisations=False, now=MARCH)[0]) == 1
