"""What the documents tell people to type exists."""

import importlib.util
import re
from pathlib import Path

import pytest
import typer.main

from gse_platform.command import app

HOUSE = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "*/*/README.md", "*/README.md", "*/*/*/README.md", "*/*/*/*/README.md")
    for path in HOUSE.glob(pattern)
    if not path.relative_to(HOUSE).parts[0].startswith(".")
)
COMMANDS = set(typer.main.get_group(app).commands)
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(HOUSE)))


def test_every_service_and_shared_package_has_a_document() -> None:
    names = {str(path.relative_to(HOUSE)) for path in DOCUMENTS}

    assert names >= {
        "README.md",
        "services/members/README.md",
        "services/mentoring/README.md",
        "services/events/README.md",
        "services/notifications/README.md",
        "shared/chassis/README.md",
        "shared/contracts/README.md",
        "shared/testkit/README.md",
    }


@every_document
def test_every_gse_command_that_is_told_exists(path: Path) -> None:
    told = set(re.findall(r"\./gse ([a-z]+)", path.read_text()))

    assert told - COMMANDS == set()


@every_document
def test_every_module_that_is_told_to_be_run_exists(path: Path) -> None:
    told = set(re.findall(r"python -m ([a-z_]+(?:\.[a-z_]+)*)", path.read_text()))

    assert {name for name in told if importlib.util.find_spec(name) is None} == set()


@every_document
def test_every_place_that_is_told_to_be_tested_exists(path: Path) -> None:
    told = re.findall(r"\./gse test ((?:services|shared|deploy|tests)[\w/.]*\w)", path.read_text())

    assert [place for place in told if not (HOUSE / place).exists()] == []


def test_the_platform_has_the_commands_that_people_are_promised() -> None:
    assert {"up", "demo", "test", "check", "status", "token", "clock", "tail", "parked"} <= COMMANDS


def test_the_first_line_of_events_tells_the_two_meanings_of_the_word_apart() -> None:
    first = (HOUSE / "services" / "events" / "README.md").read_text().splitlines()[0]

    assert "`HostedEvent`" in first
    assert "*event* in code always means a domain event" in first
