"""Who may apply: rules that have names, versions and days (eligibility.json).

Whoever changes the policy adds a version with the day from which it is in force, and leaves the earlier ones: what was
opened under one goes by it to its end.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final

from contracts.members import Grade
from contracts.refusal import FieldError, Invalid, Refused


@dataclass(frozen=True)
class Rule:
    """`name` and `version` are how people and events refer to it, `words` how a sentence says it."""

    name: str
    version: int
    words: str
    grades: frozenset[Grade]


@dataclass(frozen=True)
class Version:
    number: int
    in_force_from: date
    rules: Mapping[str, Rule]


class NotEligible(Refused):
    """The rule says no; it is named, so that anybody can look it up."""

    def __init__(self, rule: Rule, grade: Grade) -> None:
        super().__init__(
            f"This is open to {rule.words}, and your grade here is {grade}. That is rule {rule.name}, version"
            f" {rule.version}. If your grade is wrong, change it in your profile and apply again."
        )
        self.rule = rule


class OutsideTheRule(Refused):
    """Somebody applied within the rule and has moved out of it since. For the team; it says no name."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(
            f"Somebody whom you chose is outside the rule by now. This is open to {rule.words}: that is rule"
            f" {rule.name}, version {rule.version}. Choose somebody else."
        )


def read_policy(text: str) -> tuple[Version, ...]:
    """Raises ValueError for versions that do not follow each other, by number and day."""
    versions = tuple(
        Version(
            said["version"],
            date.fromisoformat(said["in_force_from"]),
            {
                name: Rule(name, said["version"], its["words"], frozenset(map(Grade, its["grades"])))
                for name, its in said["rules"].items()
            },
        )
        for said in json.loads(text)["versions"]
    )
    for earlier, later in pairwise(versions):
        if later.number != earlier.number + 1 or later.in_force_from <= earlier.in_force_from:
            raise ValueError(f"version {later.number} does not follow version {earlier.number}")
    return versions


def in_force(day: date) -> Version:
    """The version of that day."""
    return next(its for its in reversed(POLICY) if its.in_force_from <= day)


def named(name: str, day: date) -> Rule:
    """The rule as it is in force on that day. Raises `Invalid`."""
    rules = in_force(day).rules
    if name not in rules:
        raise Invalid(FieldError("eligibility", f"Choose one of {', '.join(rules)}"))
    return rules[name]


def of(name: str, version: int) -> Rule:
    """A rule under which something was opened."""
    return next(its.rules[name] for its in POLICY if its.number == version)


def check(rule: Rule, grade: Grade) -> None:
    """Raises `NotEligible`."""
    if grade not in rule.grades:
        raise NotEligible(rule, grade)


POLICY: Final = read_policy(Path(__file__).with_name("eligibility.json").read_text())
