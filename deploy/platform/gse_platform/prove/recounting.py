"""Counts the profession again as it stood while a release was made, from the acknowledged commands alone.

Whoever was asked of something meanwhile may have been counted before it or after it: of each member there are the
standings in which they may have been, and of each figure the least and the most that it may have been.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gse_platform.prove.facts import Command, Facts

BANDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("AA", "AO"), "AA-AO"),
    "EO": "EO",
    **dict.fromkeys(("HEO", "SEO"), "HEO-SEO"),
    **dict.fromkeys(("G7", "G6"), "G7-G6"),
    "SCS1": "SCS",
}
ROUNDED_TO: Final = 5
GOING = {"leave", "erase", "merge"}
CHANGING = {"grade", "transfer", "restrict", "lift", "monitor", "unmonitor"}


@dataclass(frozen=True)
class Standing:
    """How a member is counted, unless they are restricted; `answers` are to monitoring, by characteristic."""

    organisation: str
    grade: str
    restricted: bool = False
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def band(self) -> str:
        return BANDS[self.grade]

    def answer(self, characteristic: str) -> str:
        return dict(self.answers).get(characteristic, "no-answer")


Standings = frozenset[Standing | None]
"""In which somebody may have been; None: not a member."""
NOT_THERE: Final[Standings] = frozenset({None})


@dataclass(frozen=True)
class Count:
    """What a figure may have been: from the least to the most."""

    least: int
    most: int

    def may_be_shown_as(self, figure: int) -> bool:
        return any(rounded(each) == figure for each in range(self.least, self.most + 1))


@dataclass(frozen=True)
class Recount:
    """Everybody who may have been counted."""

    people: Sequence[Standings]

    def of(self, is_so: Callable[[Standing], bool]) -> Count:
        """How many of those who are not restricted this holds of."""
        least = most = 0
        for standings in self.people:
            holds = {its is not None and not its.restricted and is_so(its) for its in standings}
            least += holds == {True}
            most += True in holds
        return Count(least, most)

    def codes(self, of: Callable[[Standing], str]) -> set[str]:
        """Which ones there certainly are of something."""
        found = {of(its) for standings in self.people for its in standings if its is not None}
        return {code for code in found if self.of(lambda its, code=code: of(its) == code).least}  # type: ignore[misc]


def rounded(figure: int) -> int:
    """To the nearest multiple of five."""
    return ROUNDED_TO * round(figure / ROUNDED_TO)


def recount(facts: Facts, began: float, ended: float) -> Recount:
    """The profession between these instants."""
    people: dict[str, Standings] = {}
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.began > ended or not (its.outcome == "ok" or its.doubted):
            continue
        who, before = its.made if its.kind == "join" else its.about, dict(people)
        if its.kind in GOING | CHANGING | {"join"} and who:
            people[who] = frozenset(_after(each, its) for each in before.get(who, NOT_THERE))
        if its.kind == "merge":
            surviving = its.asked["surviving"]
            people[surviving] = _merged(before.get(surviving, NOT_THERE), before.get(who, NOT_THERE))
        if not (its.outcome == "ok" and its.ended < began):  # it may have been done by then, or not
            people = {each: people[each] | before.get(each, NOT_THERE) for each in people}
    successors = {
        its.about: its.asked["into"]
        for its in facts.commands
        if its.kind == "merge-organisations" and its.outcome == "ok"
    }
    return Recount([_mixed(_moved(its, successors)) for its in people.values()])


def _after(its: Standing | None, command: Command) -> Standing | None:
    """How somebody stands once this was done."""
    asked = command.asked
    if command.kind == "join":
        return Standing(asked["organisation"], asked["grade"])
    if its is None or command.kind in GOING:
        return None
    changes: dict[str, dict[str, Any]] = {
        "grade": {"grade": asked.get("grade")},
        "transfer": {"organisation": asked.get("organisation"), "grade": asked.get("grade")},
        "restrict": {"restricted": True},
        "lift": {"restricted": False},
        "monitor": {"answers": tuple(sorted(asked.items()))},
        "unmonitor": {"answers": ()},
    }
    return replace(its, **changes[command.kind])


def _merged(surviving: Iterable[Standing | None], ended: Iterable[Standing | None]) -> Standings:
    """Whoever is restricted stays so as the one that they are now."""
    return frozenset(
        its and replace(its, restricted=its.restricted or (each is not None and each.restricted))
        for its in surviving
        for each in ended
    )


def _moved(standings: Standings, successors: Mapping[str, str]) -> Standings:
    """Where an organisation is to merge, whoever was in it is there, or in what stands in its place."""
    return standings | {
        replace(its, organisation=successors[its.organisation])
        for its in standings
        if its is not None and its.organisation in successors
    }


def _mixed(standings: Standings) -> Standings:
    """Who is a member is read at one time, and what they answered later: somebody may have moved in between."""
    answers = {its.answers for its in standings if its is not None}
    return standings | {replace(its, answers=each) for its in standings if its is not None for each in answers}
