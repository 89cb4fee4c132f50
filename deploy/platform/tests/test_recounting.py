"""The recount of the proof allows what the service's own counting makes of any profession."""

import random

import pytest
from doctored_figures import done, member, run

from gse_platform.prove.check_figures import characteristics_are_as_recounted, members_are_as_recounted
from gse_platform.prove.recounting import Count, Standing, recount, rounded

GRADES = ("AA", "AO", "EO", "HEO", "SEO", "G7", "G6", "SCS1")
SEXES, RELIGIONS = ("female", "male", "prefer-not-to-say"), ("none", "christian", "hindu", "sikh")


@pytest.mark.parametrize("seed", range(20))
def test_what_the_service_counts_is_what_a_recount_gives(seed: int) -> None:
    chance = random.Random(seed)
    few = chance.randint(1, 3)
    places = [
        (chance.choice(("DSTL", "NPL", "HSE")[:few]), chance.choice(GRADES)) for _ in range(chance.randint(5, 200))
    ]
    answers = [
        {"sex": chance.choice(SEXES), "religion": chance.choice(RELIGIONS)} if chance.random() < 0.7 else {}
        for _ in places
    ]
    facts = run(places, answers)

    assert members_are_as_recounted(facts) == []
    assert characteristics_are_as_recounted(facts) == []


def test_figures_are_rounded_to_the_nearest_multiple_of_five() -> None:
    assert [rounded(figure) for figure in (0, 2, 3, 7, 8, 12)] == [0, 0, 5, 5, 10, 10]
    assert Count(6, 8).may_be_shown_as(5)
    assert Count(6, 8).may_be_shown_as(10)
    assert not Count(8, 12).may_be_shown_as(5)


def test_whoever_was_asked_meanwhile_may_be_counted_either_way() -> None:
    places = [("DSTL", "EO")] * 3
    facts = run(
        places,
        [{}] * 3,
        done(900, "leave", member(0), at=10.5),
        done(901, "transfer", member(1), at=9.5, organisation="NPL", grade="G7"),
        done(902, "restrict", member(2), at=30),
        done(903, "merge", member(2), at=3, surviving=member(1)),
    )
    people = recount(facts, 10, 11)

    assert people.of(lambda _: True) == Count(1, 2)
    assert people.of(lambda its: its.organisation == "NPL") == Count(0, 1)
    assert people.of(lambda its: its.band == "G7-G6") == Count(0, 1)


def test_who_merges_with_somebody_restricted_is_restricted_too() -> None:
    facts = run(
        [("DSTL", "EO")] * 2,
        [{}] * 2,
        done(900, "restrict", member(0), at=3),
        done(901, "merge", member(0), at=5, surviving=member(1)),
    )

    assert recount(facts, 10, 11).people == [frozenset({None}), frozenset({Standing("DSTL", "EO", restricted=True)})]
