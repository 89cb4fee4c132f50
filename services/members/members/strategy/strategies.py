"""The strategy, version by version: what a new one makes of the commitments that there are. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from contracts.refusal import FieldError, Invalid, NotFound, Refused
from contracts.strategy import CommitmentMade, StrategyPublished
from members.strategy.commitments import Commitment

MOST: Final = 200  # commitments of one version


class NoStrategy(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such strategy: none is published yet, or none with this number.")


class NotTheNewest(Refused):
    """Somebody published meanwhile: what they wrote would be lost."""

    def __init__(self) -> None:
        super().__init__(
            "Another version is in force than the one that this follows. Look at it, and publish what follows it."
        )


@dataclass(frozen=True)
class Promised:
    """A commitment as a version of the strategy words it. Without an id it is new."""

    title: str
    summary: str | None
    owner: str
    measure: str
    due_on: date
    commitment_id: UUID | None = None


@dataclass(frozen=True)
class Goal:
    title: str
    commitments: tuple[Promised, ...]


@dataclass(frozen=True)
class Theme:
    title: str
    summary: str | None
    goals: tuple[Goal, ...]


@dataclass(frozen=True)
class Draft:
    """All that a version says."""

    title: str
    summary: str
    link: str
    mission: str
    themes: tuple[Theme, ...]


@dataclass(frozen=True)
class Strategy:
    """A version as it was published; each commitment has its id. `published_by` is an account."""

    strategy_id: UUID
    version: int
    words: Draft
    published_by: UUID
    published_at: datetime


@dataclass(frozen=True)
class Publication:
    """A new version, the commitments that it makes, changes or drops as they stand then, and what is said of it."""

    strategy: Strategy
    commitments: tuple[Commitment, ...]
    said: tuple[StrategyPublished | CommitmentMade, ...]


def promised(themes: tuple[Theme, ...]) -> Iterator[Promised]:
    return (its for theme in themes for goal in theme.goals for its in goal.commitments)


def is_again(draft: Draft, follows: int, in_force: Strategy | None) -> bool:
    """Whether the version in force came of this very draft: sent again, it changes nothing."""
    if in_force is None or in_force.version != follows + 1:
        return False
    same_words = _without_ids(draft) == _without_ids(in_force.words)
    both = zip(promised(draft.themes), promised(in_force.words.themes), strict=False)
    return same_words and all(ours.commitment_id in {None, theirs.commitment_id} for ours, theirs in both)


def publish(
    draft: Draft,
    follows: int,
    in_force: Strategy | None,
    known: Mapping[UUID, Commitment],
    *,
    new_id: Callable[[], UUID],
    by: UUID,
    now: datetime,
) -> Publication:
    """The version after the one in force, 0 for none. `known` are all commitments that there ever were.

    Raises `NotTheNewest`, and `Invalid` for commitments that can't be carried over so.
    """
    if follows != (in_force.version if in_force else 0):
        raise NotTheNewest
    _check(draft, known)
    words = replace(draft, themes=_with_ids(draft.themes, new_id))
    its = Strategy(in_force.strategy_id if in_force else new_id(), follows + 1, words, by, now)
    held = [_stands(each, known, its.version) for each in promised(words.themes)]
    ids = {each.commitment_id for each in held}
    dropped = [
        replace(each, dropped_at=now)
        for each in known.values()
        if each.commitment_id not in ids and each.dropped_at is None
    ]
    changed = [each for each in held if each != known.get(each.commitment_id)]
    published = StrategyPublished(
        strategy_id=its.strategy_id, version=its.version, title=words.title, summary=words.summary, link=words.link
    )
    made = [
        CommitmentMade(
            commitment_id=each.commitment_id,
            strategy_version=its.version,
            title=each.title,
            summary=each.summary,
            due_on=each.due_on,
        )
        for each in changed
        if _reads_otherwise(each, known.get(each.commitment_id))
    ]
    return Publication(its, (*changed, *dropped), (published, *made))


def _stands(its: Promised, known: Mapping[UUID, Commitment], version: int) -> Commitment:
    """The commitment as this version words it, with all that it has come to; another day has not passed yet."""
    if its.commitment_id is None:
        raise TypeError("a commitment of a version has its id")
    before = known.get(its.commitment_id)
    if before is None:
        return Commitment(
            commitment_id=its.commitment_id,
            title=its.title,
            summary=its.summary,
            owner=its.owner,
            measure=its.measure,
            due_on=its.due_on,
            made_in=version,
        )
    return replace(
        before,
        title=its.title,
        summary=its.summary,
        owner=its.owner,
        measure=its.measure,
        due_on=its.due_on,
        overdue_at=before.overdue_at if its.due_on == before.due_on else None,
        dropped_at=None,
    )


def _reads_otherwise(its: Commitment, before: Commitment | None) -> bool:
    """Whether those who keep what was said of it have to hear of it."""
    if before is None or before.dropped_at is not None:
        return True
    return (its.title, its.summary, its.due_on) != (before.title, before.summary, before.due_on)


def _check(draft: Draft, known: Mapping[UUID, Commitment]) -> None:
    """Raises `Invalid` at each field that can't be meant."""
    wrong, seen = list[FieldError](), set[UUID]()
    for field, its in _places(draft):
        if its.commitment_id is None:
            continue
        before = known.get(its.commitment_id)
        if before is None:
            wrong.append(FieldError(f"{field}.commitment_id", "Name a commitment that there is, or none for a new one"))
        elif its.commitment_id in seen:
            wrong.append(FieldError(f"{field}.commitment_id", "Name each commitment once"))
        elif before.completed_on is not None and its.due_on != before.due_on:
            wrong.append(
                FieldError(f"{field}.due_on", f"Leave this day at {before.due_on}: the commitment is completed")
            )
        seen.add(its.commitment_id)
    if sum(1 for _ in promised(draft.themes)) > MOST:
        wrong.append(FieldError("themes", f"Make {MOST} commitments at most"))
    if wrong:
        raise Invalid(*wrong)


def _places(draft: Draft) -> Iterator[tuple[str, Promised]]:
    """Each commitment with the name of its field."""
    for i, theme in enumerate(draft.themes):
        for j, goal in enumerate(theme.goals):
            for k, its in enumerate(goal.commitments):
                yield f"themes.{i}.goals.{j}.commitments.{k}", its


def _each(themes: tuple[Theme, ...], change: Callable[[Promised], Promised]) -> tuple[Theme, ...]:
    return tuple(
        replace(
            theme,
            goals=tuple(replace(goal, commitments=tuple(map(change, goal.commitments))) for goal in theme.goals),
        )
        for theme in themes
    )


def _with_ids(themes: tuple[Theme, ...], new_id: Callable[[], UUID]) -> tuple[Theme, ...]:
    return _each(themes, lambda its: its if its.commitment_id else replace(its, commitment_id=new_id()))


def _without_ids(words: Draft) -> Draft:
    return replace(words, themes=_each(words.themes, lambda its: replace(its, commitment_id=None)))
