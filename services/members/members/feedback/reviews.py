"""Whether members were heard on a commitment in its period. Pure.

A period is a part of the year (policy.json), the same for every commitment. One that stood at the beginning of a
period, and was not heard on by its end, is unreviewed until it is heard on again. A round counts for the period in
which it closes, once every group that it must hear was heard.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from members.feedback.policy import Period, Policy


class Reviewing(StrEnum):
    REVIEWED = "reviewed"
    BEING_REVIEWED = "being-reviewed"
    UNREVIEWED = "unreviewed"
    TO_BE_REVIEWED = "to-be-reviewed"


@dataclass(frozen=True)
class Held:
    """A round of a commitment. `heard_all`: it has closed, and whoever it must hear was heard."""

    closes_on: date
    is_open: bool
    heard_all: bool


@dataclass(frozen=True)
class Review:
    """Where the review of a commitment stands, and the period for which that is said; both days are in it."""

    state: Reviewing
    first_day: date
    last_day: date


def review(made_on: date, rounds: Collection[Held], today: date, policy: Policy) -> Review:
    """Of a commitment that stands, made on a day in London."""
    present = policy.period_of(today)
    before = policy.period_of(present.first - timedelta(days=1))
    if _was_heard(rounds, present):
        return _its(Reviewing.REVIEWED, present)
    if any(its.is_open for its in rounds):
        return _its(Reviewing.BEING_REVIEWED, present)
    if made_on <= before.first and not _was_heard(rounds, before):
        return _its(Reviewing.UNREVIEWED, before)
    return _its(Reviewing.TO_BE_REVIEWED, present)


def _was_heard(rounds: Collection[Held], period: Period) -> bool:
    return any(its.heard_all and period.first <= its.closes_on <= period.last for its in rounds)


def _its(state: Reviewing, period: Period) -> Review:
    return Review(state, period.first, period.last)
