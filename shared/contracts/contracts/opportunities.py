"""What members says of opportunities: what one may apply for, who was chosen, what came of it; and of the Shadow Board.

Who is interested is never said: it stays in members, with what they wrote. Who was chosen is for the platform alone.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.base import Code, DomainEvent, Internal, Link, Public, Summary, Title, Visibility, Word
from contracts.members import Grade


class OpportunityOpened(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """Members may apply for something until an instant: a focus group, a champion's place, a seat."""

    opportunity_id: Public[UUID]
    kind: Public[Word]  # focus-group, shadow-board, champion or programme, or one that is still to come
    title: Public[Title]
    summary: Public[Summary]
    closes_at: Public[datetime]  # before it, not at it
    capacity: Public[int]
    eligibility: Public[Word]  # a rule's name in the policy of eligibility
    policy_version: Public[int]
    seed_digest: Public[tuple[Code, ...] | None] = None
    """Where a lot decides: the SHA-256 of the draw's seed as 64 hexadecimal capitals in two halves, said before anybody
    has applied, so that the seed which is shown afterwards can be no other."""
    open_to: Public[tuple[Grade, ...] | None] = None  # what the rule comes to: who is of another grade cannot apply


class OpportunityClosed(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The closing instant of an opportunity has passed: nobody applies any more."""

    opportunity_id: Public[UUID]
    closed_at: Public[datetime]  # the instant that was given, however late it was noticed


class ParticipantsSelected(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """These applicants have a place: by lot, by hand, or because somebody else gave theirs up."""

    opportunity_id: Internal[UUID]
    member_ids: Internal[tuple[UUID, ...]]


class PlaceGivenUp(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member who had a place has given it up. Of somebody who withdraws before the choice nothing is said."""

    opportunity_id: Internal[UUID]
    member_id: Internal[UUID]


class ApplicantsNotSelected(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """These applicants have no place. One choice may need several of these. A place that is given up may still come."""

    opportunity_id: Internal[UUID]
    member_ids: Internal[tuple[UUID, ...]]


class FocusGroupHeld(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A focus group has met."""

    opportunity_id: Public[UUID]
    held_on: Public[date]


class FocusGroupFindingsPublished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """What a focus group found can be read behind the link."""

    opportunity_id: Public[UUID]
    title: Public[Title]
    summary: Public[Summary]
    link: Public[Link]


class ShadowBoardSeatOpened(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A seat of the Shadow Board is free: it is new, or its term has ended."""

    seat_id: Public[UUID]
    title: Public[Title]
    opened_on: Public[date]


class ShadowBoardMemberAppointed(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member has a seat of the Shadow Board from the first of these days to the end of the last."""

    seat_id: Internal[UUID]
    member_id: Internal[UUID]
    starts_on: Internal[date]
    ends_on: Internal[date]


class ShadowBoardMemberStoodDown(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member has given up their seat of the Shadow Board, or the central team has ended their term early."""

    seat_id: Internal[UUID]
    member_id: Internal[UUID]
    ended_on: Internal[date]


class ShadowBoardTermEnded(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A term on the Shadow Board is over: the last day of the seat's time has ended, whoever had it by then."""

    seat_id: Public[UUID]
    ended_on: Public[date]


class ShadowBoardAdviceGiven(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The Shadow Board has advised the board of the profession; the advice stands on its page."""

    advice_id: Public[UUID]
    title: Public[Title]
    link: Public[Link]


class ShadowBoardAdviceAnswered(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The board of the profession has answered a piece of advice; the answer stands on its page."""

    advice_id: Public[UUID]
    title: Public[Title]
    link: Public[Link]
