"""Every reaction is tested three ways: its event delivered once, twice and out of order."""

import ast
from pathlib import Path

import pytest

from contracts import generate

HOUSE = Path(__file__).parents[2]
REACTIONS = sorted({its for found in generate.reactions().values() for its in found})


def test_there_are_reactions_in_all_services() -> None:
    assert {its.split(": ")[0] for its in REACTIONS} == {"events", "members", "mentoring", "notifications"}


@pytest.mark.parametrize("way", ["once", "twice", "out_of_order"])
@pytest.mark.parametrize("reaction", REACTIONS)
def test_a_reaction_is_tested_once_twice_and_out_of_order(reaction: str, way: str) -> None:
    """The names begin so: test_open_profile_once…, test_open_profile_twice…, test_open_profile_out_of_order…"""
    service, name = reaction.split(": ")
    tests = [
        node.name
        for path in (HOUSE / "services" / service / "tests").rglob("test_reactions*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    ]

    assert [test for test in tests if f"{test}_".startswith(f"test_{name}_{way}_")] != []


@pytest.mark.parametrize("service", sorted({its.split(": ")[0] for its in REACTIONS}))
def test_reactions_are_tested_through_the_consumer(service: str) -> None:
    """Called by hand, a reaction would meet neither repeats nor holes."""
    modules = [path.read_text() for path in (HOUSE / "services" / service / "tests").rglob("test_reactions*.py")]

    assert all("from chassis.testing import" in module and "deliver" in module for module in modules)
