"""The checks of what members decides bite: as in test_checks, each on a small run of its own."""

import random

import doctored_feedback
import doctored_figures
import doctored_groups
import doctored_membership
import doctored_monitoring
import doctored_opportunities
import pytest
from healthy_run import Doctor

from gse_platform.prove.checks import CHECKS, Check
from gse_platform.prove.drawing_again import drawn
from gse_platform.prove.facts import Facts
from members.opportunities.drawing import Applicant, draw

RUNS = (
    doctored_opportunities,
    doctored_feedback,
    doctored_monitoring,
    doctored_membership,
    doctored_groups,
    doctored_figures,
)
CASES = [(run.HELD, *case) for run in RUNS for case in run.DOCTORED]


@pytest.mark.parametrize("run", RUNS, ids=[run.__name__ for run in RUNS])
def test_nothing_speaks_against_a_run_in_which_everything_held(run: object) -> None:
    [(held, checks)] = [(its.HELD, {check for _, check, _ in its.DOCTORED}) for its in RUNS if its is run]

    assert {check.__name__: check(held) for check in checks} == {check.__name__: [] for check in checks}


@pytest.mark.parametrize(("held", "what", "check", "doctor"), CASES, ids=[what for _, what, _, _ in CASES])
def test_it_is_noticed_when(held: Facts, what: str, check: Check, doctor: Doctor) -> None:
    assert check(doctor(held)) != []


def test_every_check_of_these_is_one_of_the_proof() -> None:
    assert {check for _, _, check, _ in CASES} <= set(CHECKS.values())


def test_the_draw_that_the_proof_does_again_gives_whom_the_services_own_gives() -> None:
    chance = random.Random(5)
    for _ in range(200):
        pool = {str(number): (chance.choice("abcd"), chance.choice("12345")) for number in range(chance.randint(1, 25))}
        seed, places = str(chance.random()), chance.randint(1, 15)
        applicants = [Applicant(number, *of) for number, of in pool.items()]

        first = set(draw(applicants, seed, places))
        out = {number for number in pool if chance.random() < 0.3}

        assert first == drawn(pool, seed, places, holding=(), out=())
        assert set(draw(applicants, seed, places, holding=first - out, out=out)) == drawn(
            pool, seed, places, holding=first - out, out=out
        )
