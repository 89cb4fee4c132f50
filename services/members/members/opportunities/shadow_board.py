"""The Shadow Board: seats, terms that end on their day, and advice that is answered. Pure.

a seat: free ── appointment ──> taken ── its term's last day ends, or its holder leaves ──> free
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.members import Grade
from contracts.opportunities import (
    ShadowBoardAdviceAnswered,
    ShadowBoardAdviceGiven,
    ShadowBoardMemberAppointed,
    ShadowBoardSeatOpened,
    ShadowBoardTermEnded,
)
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.opportunities.calls import Interest, Kind, Opportunity, Outcome
from members.opportunities.eligibility import OutsideTheRule

LONGEST: Final = timedelta(days=3 * 366)


class NoSuchSeat(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such seat.")


class NoSuchAdvice(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such advice.")


class SeatIsTaken(Refused):
    def __init__(self) -> None:
        super().__init__("Somebody has this seat. It is free when their term has ended.")


class HasASeat(Refused):
    def __init__(self) -> None:
        super().__init__("They have a seat of the Shadow Board already.")


class NotAmongTheChosen(Refused):
    def __init__(self) -> None:
        super().__init__("Appoint somebody who applied to the Shadow Board and was chosen. Choose them there first.")


class NotOnTheBoard(Refused):
    def __init__(self) -> None:
        super().__init__("Only who has a seat of the Shadow Board gives its advice. You can apply when a seat is open.")


class AlreadyAnswered(Refused):
    def __init__(self) -> None:
        super().__init__("This advice is answered already, and the answer stays as it is.")


@dataclass(frozen=True)
class Seat:
    """`opened_by` is an account."""

    seat_id: UUID
    title: str
    opened_on: date
    opened_at: datetime
    opened_by: UUID


@dataclass(frozen=True)
class Term:
    """From the first day to the end of the last, in London. `member_id` None: they left or were erased."""

    term_id: UUID
    seat_id: UUID
    member_id: UUID | None
    starts_on: date
    ends_on: date
    appointed_at: datetime
    appointed_by: UUID
    ended_on: date | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Advice:
    """`given_by` and `answered_by` are accounts."""

    advice_id: UUID
    title: str
    advice: str
    given_at: datetime
    given_by: UUID
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: UUID | None = None


def open_seat(its: Seat) -> ShadowBoardSeatOpened:
    return ShadowBoardSeatOpened(seat_id=its.seat_id, title=its.title, opened_on=its.opened_on)


def appoint(
    term: Term, interest: Interest, applied_for: Opportunity, grade: Grade, *, is_taken: bool, sits: bool
) -> tuple[Term, ShadowBoardMemberAppointed]:
    """A term from today on, for somebody who is within the rule still under which they applied.

    Raises `NotAmongTheChosen`, `OutsideTheRule`, `SeatIsTaken`, `HasASeat`, `Invalid`.
    """
    chosen = applied_for.kind is Kind.SHADOW_BOARD and interest.state is Outcome.CHOSEN
    if not chosen or interest.member_id is None:
        raise NotAmongTheChosen
    if grade not in applied_for.eligible.grades:
        raise OutsideTheRule(applied_for.eligible)
    if is_taken:
        raise SeatIsTaken
    if sits:
        raise HasASeat
    if not term.starts_on < term.ends_on <= term.starts_on + LONGEST:
        raise Invalid(FieldError("ends_on", "Enter a day after today, within three years"))
    said = ShadowBoardMemberAppointed(
        seat_id=term.seat_id, member_id=interest.member_id, starts_on=term.starts_on, ends_on=term.ends_on
    )
    return replace(term, member_id=interest.member_id), said


def end(
    term: Term, seat: Seat, *, today: date, now: datetime
) -> tuple[Term, Seat, tuple[ShadowBoardTermEnded, ShadowBoardSeatOpened]]:
    """The term is over with its last day, or today with its holder; the seat is free in the same moment."""
    ended_on = min(term.ends_on, today)
    free = replace(seat, opened_on=today)
    said = ShadowBoardTermEnded(seat_id=term.seat_id, ended_on=ended_on)
    return replace(term, ended_on=ended_on, ended_at=now), free, (said, open_seat(free))


def advise(its: Advice, link: str, *, sits: bool) -> ShadowBoardAdviceGiven:
    """Raises `NotOnTheBoard`."""
    if not sits:
        raise NotOnTheBoard
    return ShadowBoardAdviceGiven(advice_id=its.advice_id, title=its.title, link=link)


def answer(its: Advice, words: str, link: str, *, by: UUID, now: datetime) -> tuple[Advice, ShadowBoardAdviceAnswered]:
    """Raises `AlreadyAnswered`."""
    if its.answered_at:
        raise AlreadyAnswered
    said = ShadowBoardAdviceAnswered(advice_id=its.advice_id, title=its.title, link=link)
    return replace(its, answer=words, answered_at=now, answered_by=by), said
