"""A version of the strategy as a form holds it: fields with the names of the API's own, such as
`themes.0.goals.1.commitments.2.title`, so that what is wrong is told at its place. Pure.

What is left empty is not there, and what comes behind it moves up. A commitment that is marked as dropped stays in the
form, behind the others of its goal, and is not asked for. One that is to stand with another goal comes last there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chassis.web import as_typed, typed_day
from contracts.refusal import FieldError, Invalid
from members.strategy.strategies import Draft

LEVELS: Final = ("themes", "goals", "commitments")
DROP: Final = "drop"
GOAL: Final = "goal"  # where a commitment is to stand: the numbers of a theme and a goal as typed, such as `0.1`
_FIELD: Final = re.compile(r"themes\.(\d{1,3})(?:\.goals\.(\d{1,3})(?:\.commitments\.(\d{1,3}))?)?\.([a-z_-]+)")


@dataclass
class Part:
    """The strategy, a theme, a goal or a commitment: what was typed, and its parts by their numbers."""

    words: dict[str, str] = field(default_factory=dict)
    parts: dict[int, "Part"] = field(default_factory=dict)

    @property
    def is_dropped(self) -> bool:
        return DROP in self.words

    @property
    def is_empty(self) -> bool:
        return not self.words.keys() - {"commitment_id"} and all(its.is_dropped for its in self.parts.values())


def of_form(values: Mapping[str, str | list[str]]) -> Part:
    """What was typed, tidied: each on one line, without what was left empty."""
    whole = Part()
    for name, value in values.items():
        text, found = " ".join(str(value).split()), _FIELD.fullmatch(name)
        its = whole
        for number in found.groups()[:3] if found else ():
            if number is not None:
                its = its.parts.setdefault(int(number), Part())
        its.words[found[4] if found else name] = text
    _move(whole)
    return _tidied(whole)


def check(its: Part) -> None:
    """Raises `Invalid` for each commitment that is to stand with a goal which is not there."""
    lost = [name for name in values_of(its) if name.endswith(f".{GOAL}")]
    if lost:
        raise Invalid(*(FieldError(name, "Choose a goal that is on this page, or leave it here") for name in lost))


def of_draft(draft: Draft, follows: int) -> Part:
    """The words of a version, for the one that follows it."""
    whole = Part({"title": draft.title, "summary": draft.summary, "link": draft.link, "mission": draft.mission})
    whole.words["follows"] = str(follows)
    for i, theme in enumerate(draft.themes):
        whole.parts[i] = Part(_texts(title=theme.title, summary=theme.summary))
        for j, goal in enumerate(theme.goals):
            whole.parts[i].parts[j] = Part({"title": goal.title})
            for k, its in enumerate(goal.commitments):
                whole.parts[i].parts[j].parts[k] = Part(
                    _texts(title=its.title, summary=its.summary, owner=its.owner, measure=its.measure)
                    | {"commitment_id": str(its.commitment_id)}
                    | as_typed("due_on", its.due_on)
                )
    return whole


def values_of(its: Part, prefix: str = "", level: int = 0) -> dict[str, str]:
    """The fields of the form and what stands in them."""
    values = {f"{prefix}{name}": text for name, text in its.words.items()}
    for number, part in its.parts.items():
        values |= values_of(part, f"{prefix}{LEVELS[level]}.{number}.", level + 1)
    return values


def asked(its: Part, level: int = 0) -> dict[str, Any]:
    """What the API is asked to publish."""
    words = {name: text for name, text in its.words.items() if not name.startswith("due_on-")}
    parts = [asked(part, level + 1) for part in its.parts.values() if not part.is_dropped]
    return words | typed_day("due_on", its.words) | ({LEVELS[level]: parts} if parts else {})


def place_of(error_field: str) -> str:
    """The field of the form at which a mistake is mended: of a list, the first of what is missing in it."""
    *rest, last = error_field.split(".")
    if last == "commitment_id":
        return ".".join([*rest, "title"])
    return f"{error_field}.0.title" if last in LEVELS else error_field


def _move(whole: Part) -> None:
    """Each commitment to the goal where it is to stand; where there is no such goal it stays, and says so still."""
    goals = {f"{i}.{j}": goal for i, theme in whole.parts.items() for j, goal in theme.parts.items()}
    moved = [
        (place, number, its)
        for place, goal in goals.items()
        for number, its in goal.parts.items()
        if its.words.get(GOAL) in goals
    ]
    for place, number, its in moved:
        target = its.words.pop(GOAL)
        if target != place:
            del goals[place].parts[number]
            goals[target].parts[max(goals[target].parts, default=-1) + 1] = its


def _tidied(its: Part) -> Part:
    parts = [_tidied(part) for _, part in sorted(its.parts.items())]
    kept = sorted((part for part in parts if not part.is_empty), key=lambda part: part.is_dropped)
    return Part(its.words, dict(enumerate(kept)))


def _texts(**texts: str | None) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
