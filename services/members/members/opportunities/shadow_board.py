"""The Shadow Board: seats, terms that end on their day, and advice that is answered. Pure.

a seat: free ── appointment ──> taken ── the last day that was said at the appointment ends ──> free

Within that time its holder may give it up, be sent away or leave the profession, and somebody else serves the rest.
That is for the team alone. Everybody hears at once who leaves the profession; from a seat that was free in the same
moment, or within days, a stranger would know who had it. So the public sees a seat taken until its day, however a term
ends: an exception for those who give it up would say of the others that they left, and who gives up may leave next.
What it costs: an empty seat looks taken for a while.
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
    ShadowBoardMemberStoodDown,
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
        super().__init__("This seat is taken. It is free when its term has ended.")


class HasASeat(Refused):
    def __init__(self) -> None:
        super().__init__("They have a seat of the Shadow Board already.")


class NotAmongTheChosen(Refused):
    def __init__(self) -> None:
        super().__init__("Appoint somebody who applied to the Shadow Board and was chosen. Choose them there first.")


class AppointedAlready(Refused):
    def __init__(self) -> None:
        super().__init__("They have had a seat on this application already. For another term they apply again.")


class NoSuchTerm(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such term, or it is not yours to end.")


class TermIsOver(Refused):
    def __init__(self) -> None:
        super().__init__("This term has ended already. You need to do nothing more.")


class NotOnTheBoard(Refused):
    def __init__(self) -> None:
        super().__init__("Only who has a seat of the Shadow Board gives its advice. You can apply when a seat is open.")


class AlreadyAnswered(Refused):
    def __init__(self) -> None:
        super().__init__("This advice is answered already, and the answer stays as it is.")


@dataclass(frozen=True)
class Seat:
    """`opened_by` is an account. Taken from one day to the end of another, whoever has it; None: it is free."""

    seat_id: UUID
    title: str
    opened_on: date
    opened_at: datetime
    opened_by: UUID
    taken_from: date | None = None
    taken_until: date | None = None


@dataclass(frozen=True)
class Term:
    """From the first day to the end of the last, in London. `member_id` None: they left or were erased.

    `ended_by` is an account; None: it ended with its last day, or its holder is gone.
    """

    term_id: UUID
    seat_id: UUID
    member_id: UUID | None
    starts_on: date
    ends_on: date
    appointed_at: datetime
    appointed_by: UUID
    ended_on: date | None = None
    ended_at: datetime | None = None
    ended_by: UUID | None = None


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
    seat: Seat, term: Term, interest: Interest, applied_for: Opportunity, grade: Grade, *, is_held: bool, sits: bool
) -> tuple[Seat, Term, ShadowBoardMemberAppointed]:
    """A term from today on, for somebody who is within the rule still under which they applied.

    Of a seat that is taken and whose holder is gone it is the rest, to the day that everybody knows.
    Raises `NotAmongTheChosen`, `OutsideTheRule`, `SeatIsTaken`, `HasASeat`, `AppointedAlready`, `Invalid`.
    """
    chosen = applied_for.kind is Kind.SHADOW_BOARD and interest.state is Outcome.CHOSEN
    if not chosen or interest.member_id is None:
        raise NotAmongTheChosen
    if grade not in applied_for.eligible.grades:
        raise OutsideTheRule(applied_for.eligible)
    if seat.taken_until and (is_held or seat.taken_until <= term.starts_on):
        raise SeatIsTaken
    if sits:
        raise HasASeat
    if interest.used_at:
        raise AppointedAlready
    if seat.taken_until not in {None, term.ends_on}:
        raise Invalid(FieldError("ends_on", f"Enter {seat.taken_until}, to which the seat is taken, or no day"))
    if not term.starts_on < term.ends_on <= term.starts_on + LONGEST:
        raise Invalid(FieldError("ends_on", "Enter a day after today, within three years"))
    said = ShadowBoardMemberAppointed(
        seat_id=term.seat_id, member_id=interest.member_id, starts_on=term.starts_on, ends_on=term.ends_on
    )
    taken = replace(seat, taken_from=seat.taken_from or term.starts_on, taken_until=term.ends_on)
    return taken, replace(term, member_id=interest.member_id), said


def stand_down(term: Term, *, today: date, by: UUID, now: datetime) -> tuple[Term, ShadowBoardMemberStoodDown]:
    """End a term before its day; for everybody else the seat stays taken. Raises `TermIsOver`."""
    if term.ended_at or term.member_id is None:
        raise TermIsOver
    ended_on = min(term.ends_on, today)
    said = ShadowBoardMemberStoodDown(seat_id=term.seat_id, member_id=term.member_id, ended_on=ended_on)
    return replace(term, ended_on=ended_on, ended_at=now, ended_by=by), said


def free(seat: Seat, last_day: date, *, today: date) -> tuple[Seat, ShadowBoardTermEnded, ShadowBoardSeatOpened]:
    """The last day for which it was taken has ended: it is free."""
    its = replace(seat, opened_on=today, taken_from=None, taken_until=None)
    return its, ShadowBoardTermEnded(seat_id=seat.seat_id, ended_on=last_day), open_seat(its)


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
