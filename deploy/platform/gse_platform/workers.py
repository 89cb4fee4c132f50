"""A pytest plugin: how `./gse test` shares the tests between workers, each with a broker and a store of its own.

A file stays whole, since its tests share what they start; the tests that share one whole house go to one worker.
"""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

IN_THE_HOUSE: Final = ("tests/browser/", "tests/faults/", "tests/journeys/")
IN_ITS_OWN: Final = {"tests/browser/test_accessibility.py"}  # the longest file: beside the house, not behind it


class WholeFiles(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What a test may not be parted from."""
    file = nodeid.partition("::")[0]
    return "the house" if file.startswith(IN_THE_HOUSE) and file not in IN_ITS_OWN else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    return WholeFiles(config, log)
