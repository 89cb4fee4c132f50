"""The naive builds that the proof has to catch: all fifteen are there, and each still finds what it replaces."""

import subprocess
import sys

import pytest

from gse_platform.prove.mutants.run import Run
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


def test_the_fifteen_are_there_each_with_its_trap_and_no_scenario_is_idle() -> None:
    assert list(MUTANTS) == list(range(1, 16))
    assert {number for number, trap in TRAPS.items() if trap in MUTANTS[number].sentence} == set(MUTANTS)
    assert {mutant.scenario for mutant in MUTANTS.values()} == set(SCENARIOS)


def test_every_naive_build_and_all_weather_find_what_they_replace_in_the_shipped_code() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PUT_ALL], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("run", "caught", "holds"),
    [
        (Run({"a": []}, 1.0), False, True),
        (Run({"a": ["lost"], "b": []}, 1.0), True, False),
        (Run({}, 1.0, failed="TimeoutError"), False, False),
        (Run({"a": ["lost"]}, 1.0, failed="TimeoutError"), False, False),
    ],
    ids=["level", "lost", "no end", "no end and lost"],
)
def test_a_run_that_came_to_no_end_neither_catches_nor_holds(run: Run, *, caught: bool, holds: bool) -> None:
    assert (run.caught, run.holds) == (caught, holds)
