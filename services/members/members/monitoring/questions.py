"""What equality monitoring asks (questions.json): each version from its first day, in the harmonised words. Pure.

An answer is the code of an option. Options stand in broader groups, and figures by organisation or grade show these.
What was once asked stays known, since releases have counted it: an option that is `retired` is offered no longer, and
counts for who gave it until they answer anew.
`NOT_SAID` is the group of who prefers not to say, which is an answer, and of who has not answered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

PREFER_NOT: Final = "prefer-not-to-say"
NO_ANSWER: Final = "no-answer"
NOT_SAID: Final = "not-said"
WORDS: Final[Mapping[str, str]] = {
    PREFER_NOT: "Prefer not to say",
    NO_ANSWER: "No answer",
    NOT_SAID: "Not said",
}


@dataclass(frozen=True)
class Option:
    code: str
    text: str
    group: str
    short: str = ""  # for figures, where the text is long
    retired: bool = False


@dataclass(frozen=True)
class Characteristic:
    """`special` says that the law counts it among the special categories; `groups` are words by code."""

    code: str
    title: str
    question: str
    hint: str
    special: bool
    groups: Mapping[str, str]
    options: tuple[Option, ...]

    @property
    def offered(self) -> tuple[Option, ...]:
        return tuple(its for its in self.options if not its.retired)

    @cached_property
    def group_of(self) -> Mapping[str, str]:
        """Of every answer, also of none."""
        return {its.code: its.group for its in self.options} | {PREFER_NOT: NOT_SAID, NO_ANSWER: NOT_SAID}

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What answers are called in figures."""
        return {its.code: its.short or its.text for its in self.options} | {
            code: WORDS[code] for code in (PREFER_NOT, NO_ANSWER)
        }

    @cached_property
    def group_words(self) -> Mapping[str, str]:
        return {**self.groups, NOT_SAID: WORDS[NOT_SAID]}


@dataclass(frozen=True)
class Questions:
    version: int
    valid_from: date
    characteristics: tuple[Characteristic, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Characteristic]:
        return {its.code: its for its in self.characteristics}


def on(day: date) -> Questions:
    """Those that are asked on a day."""
    return next(its for its in VERSIONS if its.valid_from <= day)


def of_version(version: int) -> Questions:
    return next(its for its in VERSIONS if its.version == version)


def forgotten(versions: Sequence[Questions]) -> set[tuple[str, str]]:
    """Each question, with an option in its group, that a version has and the next has not; the newest comes first."""
    known = [
        {(its.code, f"{code} in {group}") for its in each.characteristics for code, group in its.group_of.items()}
        for each in versions
    ]
    return {its for newer, older in pairwise(known) for its in older - newer}


def _characteristic(its: Mapping[str, Any]) -> Characteristic:
    groups = {group["code"]: group["text"] for group in its["groups"]}
    return Characteristic(**{**its, "groups": groups, "options": tuple(Option(**option) for option in its["options"])})


def _versions() -> tuple[Questions, ...]:
    found = json.loads((Path(__file__).parent / "questions.json").read_text())["versions"]
    versions = [
        Questions(
            its["version"], date.fromisoformat(its["valid_from"]), tuple(map(_characteristic, its["characteristics"]))
        )
        for its in found
    ]
    versions.sort(key=lambda its: its.version, reverse=True)
    if lost := forgotten(versions):
        raise ValueError(f"Say in questions.json that these are retired, and leave their groups: {sorted(lost)}")
    return tuple(versions)


VERSIONS: Final = _versions()
"""The newest first."""
