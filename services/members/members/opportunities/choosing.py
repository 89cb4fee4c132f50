"""Who has a place: by lot or by the team, and who follows when somebody gives theirs up. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.members import Grade
from contracts.opportunities import ApplicantsNotSelected, ParticipantsSelected, PlaceGivenUp
from contracts.refusal import FieldError, Invalid, Refused
from members.opportunities.calls import BY_LOT, AlreadyHeld, Interest, NotInterested, Opportunity, Outcome
from members.opportunities.drawing import Applicant, draw
from members.opportunities.eligibility import OutsideTheRule, Rule
from members.places.grades import BANDS

MOST_IN_ONE: Final = 500  # ids in one event, so that a record stays small
Said = ParticipantsSelected | ApplicantsNotSelected


class TheLotDecides(Refused):
    def __init__(self) -> None:
        super().__init__("Here the lot decides, and nobody else. Everybody can see the draw and do it again.")


class NotClosedYet(Refused):
    def __init__(self) -> None:
        super().__init__("This is still open. Choose once it has closed, so that everybody has had the same time.")


@dataclass(frozen=True)
class Candidate:
    """An interest with what its member is when the opportunity closes, or when the team chooses."""

    interest: Interest
    grade: Grade
    organisation: str


@dataclass(frozen=True)
class Choice:
    """The opportunity and the interests that changed, and what is said of them."""

    its: Opportunity
    interests: tuple[Interest, ...]
    said: tuple[Said, ...]


def organisations_of(candidates: Collection[Candidate]) -> list[str]:
    return sorted({each.organisation for each in candidates})


def in_the_draw(candidates: Sequence[Candidate], rule: Rule, labels: Sequence[str]) -> list[Interest]:
    """Each with its band and its organisation's label; who has moved out of the rule since they applied is set aside.

    `labels` are those of `organisations_of` in its order. They come shuffled: the list of a draw is for everybody, and
    a name or an order of names would say which small organisation has somebody in it.
    """
    label_of = dict(zip(organisations_of(candidates), labels, strict=True))
    return [
        replace(its.interest, band=BANDS[its.grade].value, organisation=label_of[its.organisation])
        if its.grade in rule.grades
        else replace(its.interest, state=Outcome.NOT_ELIGIBLE)
        for its in candidates
    ]


def by_lot(its: Opportunity, interests: Sequence[Interest], now: datetime) -> Choice:
    """The draw, for those who are in it; whoever is set aside hears with the others that they have no place."""
    drawn = _draw(its, [each for each in interests if each.state is Outcome.REGISTERED])
    return _choose(replace(its, selected_at=now), interests, drawn, by=None, now=now)


def set_aside(its: Opportunity, candidates: Sequence[Candidate], now: datetime) -> Choice:
    """Where the team chooses: who has moved out of the rule since they applied hears at once that they have none."""
    outside = [
        replace(each.interest, state=Outcome.NOT_ELIGIBLE, statement=None, changed_at=now)
        for each in candidates
        if each.grade not in its.eligible.grades
    ]
    return Choice(its, tuple(outside), tuple(_said(its, [], outside)))


def by_hand(
    its: Opportunity, candidates: Sequence[Candidate], chosen: Collection[UUID], *, by: UUID, now: datetime
) -> Choice:
    """The team's choice by numbers, of those who are within the rule still; while a place is free it may choose again.

    Raises `TheLotDecides`, `NotClosedYet`, `OutsideTheRule`, and `Invalid` for too many, or for others than who wait.
    """
    if its.kind in BY_LOT:
        raise TheLotDecides
    if its.closed_at is None:
        raise NotClosedYet
    if any(each.grade not in its.eligible.grades for each in candidates if each.interest.interest_id in chosen):
        raise OutsideTheRule(its.eligible)
    interests = [each.interest for each in candidates]
    waiting = {each.interest_id for each in interests if each.state in {Outcome.REGISTERED, Outcome.NOT_CHOSEN}}
    free = its.capacity - sum(each.state is Outcome.CHOSEN for each in interests)
    if not waiting.issuperset(chosen):
        raise Invalid(FieldError("numbers", "Choose among those who have applied and have no place yet"))
    if not 0 < len(chosen) <= free:
        some = {0: "No place is free any more", 1: "Choose one applicant"}.get(free, f"Choose from 1 to {free}")
        raise Invalid(FieldError("numbers", some))
    first = its if its.selected_at else replace(its, selected_at=now, selected_by=by)
    return _choose(first, interests, chosen, by=by, now=now)


def next_ones(its: Opportunity, interests: Sequence[Interest], now: datetime) -> Choice:
    """Free places go to the next of the draw."""
    return _choose(its, interests, _draw(its, [each for each in interests if each.band]), by=None, now=now)


def as_drawn(its: Opportunity, interests: Sequence[Interest]) -> set[UUID]:
    """Whom the lot chose, of those who were in the draw, whatever became of them since.

    All that a stranger sees. How it stands now would say who left: beside the departure that everybody hears of.
    """
    return _draw(its, [replace(each, state=Outcome.REGISTERED) for each in interests])


def give_up(
    its: Opportunity, interest: Interest | None, *, by: UUID, now: datetime
) -> tuple[Interest | None, tuple[PlaceGivenUp, ...]]:
    """A place, which is said, or the wish for one. None where it leaves nothing: nobody has been chosen yet.

    Raises `NotInterested`, `AlreadyHeld`.
    """
    if interest is None or interest.state in {Outcome.GIVEN_UP, Outcome.GONE}:
        raise NotInterested
    if its.held_at:
        raise AlreadyHeld
    if its.selected_at is None:
        return None, ()
    given_up = replace(interest, state=Outcome.GIVEN_UP, changed_at=now, changed_by=by)
    if interest.state is not Outcome.CHOSEN or interest.member_id is None:
        return given_up, ()
    return given_up, (PlaceGivenUp(opportunity_id=its.opportunity_id, member_id=interest.member_id),)


def _draw(its: Opportunity, interests: Sequence[Interest]) -> set[UUID]:
    if its.seed is None:
        raise TypeError("a draw has its seed from the start")
    drawn = draw(
        [Applicant(str(each.interest_id), each.band or "", each.organisation or "") for each in interests],
        its.seed,
        its.capacity,
        holding={str(each.interest_id) for each in interests if each.state is Outcome.CHOSEN},
        out={str(each.interest_id) for each in interests if each.state in {Outcome.GIVEN_UP, Outcome.GONE}},
    )
    return set(map(UUID, drawn))


def _choose(
    its: Opportunity, interests: Sequence[Interest], chosen: Collection[UUID], *, by: UUID | None, now: datetime
) -> Choice:
    """These have a place; of the others each hears once that they have none."""
    placed = [
        replace(each, state=Outcome.CHOSEN, statement=None, changed_at=now, changed_by=by)
        for each in interests
        if each.interest_id in chosen
    ]
    set_aside = [
        replace(each, changed_at=now)
        for each in interests
        if each.state is Outcome.NOT_ELIGIBLE and each.changed_at is None
    ]
    without = [
        replace(each, state=Outcome.NOT_CHOSEN, statement=None, changed_at=now, changed_by=by)
        for each in interests
        if each.state is Outcome.REGISTERED and each.interest_id not in chosen
    ]
    said = tuple(_said(its, placed, [*without, *set_aside]))
    return Choice(its, (*placed, *without, *set_aside), said)


def _said(its: Opportunity, placed: Sequence[Interest], without: Sequence[Interest]) -> Iterator[Said]:
    for kind, interests in ((ParticipantsSelected, placed), (ApplicantsNotSelected, without)):
        members = sorted(each.member_id for each in interests if each.member_id)
        for first in range(0, len(members), MOST_IN_ONE):
            yield kind(opportunity_id=its.opportunity_id, member_ids=tuple(members[first : first + MOST_IN_ONE]))
