"""Which tests are shared between workers, and what is never parted."""

import pytest

from gse_platform.quality import among_workers
from gse_platform.workers import scope_of

SHARED = ["-p", "gse_platform.workers", "-n", "2", "--no-loadscope-reorder"]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], SHARED),
        (["--junit-xml=report.xml", "-x"], SHARED),
        (["services/members"], []),
        (["-k", "grade"], []),
        (["--pdb"], []),
        (["-s"], []),
    ],
)
def test_everything_is_shared_and_what_somebody_picked_is_not(arguments: list[str], options: list[str]) -> None:
    assert among_workers(arguments) == options


@pytest.mark.parametrize(
    ("test", "scope"),
    [
        ("shared/chassis/tests/test_web.py::test_one[a::b]", "shared/chassis/tests/test_web.py"),
        ("tests/architecture/test_house.py::test_one", "tests/architecture/test_house.py"),
        ("tests/journeys/test_joining.py::test_one", "the house"),
        ("tests/faults/test_import_killed.py::test_one[members]", "the house"),
        ("tests/browser/test_join.py::test_one", "the house"),
        ("tests/browser/test_accessibility.py::test_one[home]", "tests/browser/test_accessibility.py"),
    ],
)
def test_a_file_stays_whole_and_the_house_is_started_once(test: str, scope: str) -> None:
    assert scope_of(test) == scope
