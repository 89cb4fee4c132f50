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
    """Where the review of a commitment stands, and the period for which that is said; both days are in it.

    `is_asked`: a round is open. One that is unreviewed stays so meanwhile.
    """

    state: Reviewing
    first_day: date
    last_day: date
    is_asked: bool


def review(made_on: date, rounds: Collection[Held], today: date, policy: Policy) -> Review:
    """Of a commitment that stands, made on a day in London."""
    present = policy.period_of(today)
    before = policy.period_of(present.first - timedelta(days=1))
    is_asked = any(its.is_open for its in rounds)
    if _was_heard(rounds, present):
        return Review(Reviewing.REVIEWED, present.first, present.last, is_asked)
    # On the last day's midnight its rounds are about to close.
    counted = _was_heard(rounds, before) or any(its.is_open and its.closes_on <= before.last for its in rounds)
    if made_on <= before.first and not counted:
        return Review(Reviewing.UNREVIEWED, before.first, before.last, is_asked)
    state = Reviewing.BEING_REVIEWED if is_asked else Reviewing.TO_BE_REVIEWED
    return Review(state, present.first, present.last, is_asked)


def _was_heard(rounds: Collection[Held], period: Period) -> bool:
    return any(its.heard_all and period.first <= its.closes_on <= period.last for its in rounds)
