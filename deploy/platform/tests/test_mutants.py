"""The naive builds that the proof has to catch: all seventeen are there, and each still finds what it replaces."""

import subprocess
import sys

import pytest

from gse_platform.prove.check_effects import heard_is_said
from gse_platform.prove.check_log import ledger_is_log
from gse_platform.prove.mutants.run import Run, sentence_of
from gse_platform.prove.mutants.table import MUTANTS, SCENARIOS

# A word of each trap, in the order in which they are numbered.
TRAPS = {
    1: "default acknowledgements",
    2: "Acknowledges at the end",
    3: "after the commit",
    4: "cursor",
    5: "SKIP LOCKED",
    6: "marks rows when it sends",
    7: "ids kept in memory",
    8: "Progress in one transaction",
    9: "task for each record",
    10: "retry topic",
    11: "latest",
    12: "without a key",
    13: "whole row",
    14: "whose it is",
    15: "one row only",
    16: "nobody go",
    17: "Every replica ends",
}
PUT_ALL = """
from gse_platform.prove.mutants.table import MUTANTS, SCENARIOS
for scenario in SCENARIOS.values():
    for changes in scenario.weather.values():
        for change in changes:
            change()
for mutant in MUTANTS.values():
    mutant.change()
"""


def test_the_seventeen_are_there_each_with_its_trap_and_no_scenario_is_idle() -> None:
    assert list(MUTANTS) == list(range(1, 18))
    assert {number for number, trap in TRAPS.items() if trap in MUTANTS[number].sentence} == set(MUTANTS)
    assert {mutant.scenario for mutant in MUTANTS.values()} == set(SCENARIOS)


def test_every_naive_build_and_all_weather_find_what_they_replace_in_the_shipped_code() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PUT_ALL], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


LOST, HEARD = sentence_of(ledger_is_log), sentence_of(heard_is_said)


@pytest.mark.parametrize(
    ("run", "caught", "holds"),
    [
        (Run({LOST: [], HEARD: []}, 1.0), False, True),
        (Run({LOST: ["one"], HEARD: []}, 1.0), True, False),
        (Run({LOST: [], HEARD: ["one"]}, 1.0), False, False),
        (Run({}, 1.0, failed="TimeoutError"), False, False),
    ],
    ids=["level", "lost", "something else", "no end"],
)
def test_a_mutant_is_caught_by_the_check_that_has_to_speak_and_by_no_other(
    run: Run, *, caught: bool, holds: bool
) -> None:
    assert (run.is_caught_by(ledger_is_log), run.holds) == (caught, holds)


def test_the_sentence_that_has_to_speak_is_told_first() -> None:
    run = Run({HEARD: ["one"], LOST: ["one", "two"]}, 1.0)

    assert run.told(ledger_is_log) == "2 against “Ledgers and streams hold the same: nothing lost, no phantom”; 1 more"
