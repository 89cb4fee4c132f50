"""An opportunity from its opening to what came of it, and who may apply. Pure.

open ── its instant comes ──> closed ── the lot, or the team ──> selected ── it meets ──> held ── findings ──> published
(takes interest)              (a focus group is drawn in the same moment)
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from chassis.days import day_in_london
from chassis.web.times import moment
from contracts.members import Grade
from contracts.opportunities import (
    FocusGroupFindingsPublished,
    FocusGroupHeld,
    OpportunityClosed,
    OpportunityOpened,
)
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.opportunities import eligibility
from members.opportunities.drawing import digest_of
from members.opportunities.eligibility import Rule

FURTHEST: Final = timedelta(days=366)


class Kind(StrEnum):
    FOCUS_GROUP = "focus-group"
    SHADOW_BOARD = "shadow-board"
    CHAMPION = "champion"
    PROGRAMME = "programme"


BY_LOT: Final = frozenset({Kind.FOCUS_GROUP})
"""Where a lot decides; elsewhere the team chooses."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    SELECTED = "selected"
    HELD = "held"
    PUBLISHED = "published"


class Outcome(StrEnum):
    """What became of an interest. Who withdraws before the choice leaves nothing."""

    REGISTERED = "registered"
    CHOSEN = "chosen"
    NOT_CHOSEN = "not-chosen"
    NOT_ELIGIBLE = "not-eligible"  # any more, when it closed
    GIVEN_UP = "given-up"
    GONE = "gone"


class NoSuchOpportunity(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such opportunity.")


class OpportunityIsClosed(Refused):
    """The closing instant itself is too late."""

    def __init__(self, its: "Opportunity") -> None:
        super().__init__(f"This closed on {moment(its.closes_at)}. Look at the opportunities that are open now.")


class AlreadyInterested(Refused):
    def __init__(self) -> None:
        super().__init__("You have applied for this already. You need to do nothing more.")


class NotInterested(Refused):
    def __init__(self) -> None:
        super().__init__("You have not applied for this, or have withdrawn already.")


class MembersOnly(Refused):
    def __init__(self) -> None:
        super().__init__("Only members can apply. Join the profession first; it takes two minutes.")


class NotSelectedYet(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody has been chosen yet. Wait until this has closed and the places are given.")


class NotAFocusGroup(Refused):
    def __init__(self) -> None:
        super().__init__("Only a focus group is held and has findings.")


class AlreadyHeld(Refused):
    def __init__(self) -> None:
        super().__init__("This focus group has been held, and its places stay as they were.")


class NotHeldYet(Refused):
    def __init__(self) -> None:
        super().__init__("This focus group has not been held yet. Say that it was held first.")


class AlreadyPublished(Refused):
    def __init__(self) -> None:
        super().__init__("The findings of this focus group are published already, and stay as they are.")


@dataclass(frozen=True)
class Findings:
    title: str
    summary: str
    link: str


@dataclass(frozen=True)
class Opportunity:
    """What one may apply for. `*_by` are accounts; None: not yet, and of a choice also the lot."""

    opportunity_id: UUID
    kind: Kind
    title: str
    summary: str
    closes_at: datetime
    meets_on: date | None
    capacity: int
    rule: str
    policy_version: int
    seed: str | None
    opened_at: datetime
    opened_by: UUID
    closed_at: datetime | None = None
    selected_at: datetime | None = None
    selected_by: UUID | None = None
    held_on: date | None = None
    held_at: datetime | None = None
    held_by: UUID | None = None
    findings: Findings | None = None
    findings_at: datetime | None = None
    findings_by: UUID | None = None

    @property
    def eligible(self) -> Rule:
        return eligibility.of(self.rule, self.policy_version)

    @property
    def seed_digest(self) -> str | None:
        return digest_of(self.seed) if self.seed else None


@dataclass(frozen=True)
class Interest:
    """One member's interest. `band` and `organisation` (a label) are of the draw; `changed_by` None: the lot."""

    interest_id: UUID
    opportunity_id: UUID
    member_id: UUID | None
    registered_at: datetime
    statement: str | None = None
    state: Outcome = Outcome.REGISTERED
    band: str | None = None
    organisation: str | None = None
    changed_at: datetime | None = None
    changed_by: UUID | None = None
    used_at: datetime | None = None  # since when they have had a seat of the Shadow Board by it


def state(its: Opportunity, now: datetime) -> State:
    if its.findings_at:
        return State.PUBLISHED
    if its.held_at:
        return State.HELD
    if its.selected_at:
        return State.SELECTED
    return State.OPEN if takes_interest(its, now) else State.CLOSED


def takes_interest(its: Opportunity, now: datetime) -> bool:
    """Before the closing instant, not at it; and not once it was said that it is closed."""
    return now < its.closes_at and its.closed_at is None


def open_call(its: Opportunity) -> OpportunityOpened:
    """Raises `Invalid` for times that can't be meant."""
    wrong = list[FieldError]()
    if not its.opened_at < its.closes_at <= its.opened_at + FURTHEST:
        wrong.append(FieldError("closes_at", "Enter a time that is still to come, within a year"))
    elif its.meets_on is not None and not day_in_london(its.closes_at) < its.meets_on <= (
        day_in_london(its.closes_at) + FURTHEST
    ):
        wrong.append(FieldError("meets_on", "Enter a day after the one on which it closes, within a year"))
    if wrong:
        raise Invalid(*wrong)
    digest = its.seed_digest.upper() if its.seed_digest else None
    return OpportunityOpened(
        opportunity_id=its.opportunity_id,
        kind=its.kind.value,
        title=its.title,
        summary=its.summary,
        closes_at=its.closes_at,
        capacity=its.capacity,
        eligibility=its.rule,
        policy_version=its.policy_version,
        seed_digest=(digest[:32], digest[32:]) if digest else None,
        open_to=tuple(grade for grade in Grade if grade in its.eligible.grades),
    )


def register(its: Opportunity, interest: Interest, grade: Grade, *, has_one: bool) -> Interest:
    """Raises `OpportunityIsClosed`, `AlreadyInterested`, `NotEligible`."""
    if not takes_interest(its, interest.registered_at):
        raise OpportunityIsClosed(its)
    if has_one:
        raise AlreadyInterested
    eligibility.check(its.eligible, grade)
    return interest if its.kind not in BY_LOT else replace(interest, statement=None)


def close(its: Opportunity, now: datetime) -> tuple[Opportunity, OpportunityClosed]:
    return replace(its, closed_at=now), OpportunityClosed(opportunity_id=its.opportunity_id, closed_at=its.closes_at)


def hold(its: Opportunity, held_on: date, *, by: UUID, now: datetime) -> tuple[Opportunity, FocusGroupHeld]:
    """It has met. Raises `NotAFocusGroup`, `NotSelectedYet`, `AlreadyHeld`, `Invalid`."""
    if its.kind is not Kind.FOCUS_GROUP:
        raise NotAFocusGroup
    if its.selected_at is None:
        raise NotSelectedYet
    if its.held_at:
        raise AlreadyHeld
    if not day_in_london(its.closes_at) <= held_on <= day_in_london(now):
        raise Invalid(FieldError("held_on", "Enter a day from the one on which it closed to today"))
    held = replace(its, held_on=held_on, held_at=now, held_by=by)
    return held, FocusGroupHeld(opportunity_id=its.opportunity_id, held_on=held_on)


def publish_findings(
    its: Opportunity, findings: Findings, *, by: UUID, now: datetime
) -> tuple[Opportunity, FocusGroupFindingsPublished]:
    """Raises `NotAFocusGroup`, `NotHeldYet`, `AlreadyPublished`."""
    if its.kind is not Kind.FOCUS_GROUP:
        raise NotAFocusGroup
    if its.held_at is None:
        raise NotHeldYet
    if its.findings_at:
        raise AlreadyPublished
    said = FocusGroupFindingsPublished(opportunity_id=its.opportunity_id, **vars(findings))
    return replace(its, findings=findings, findings_at=now, findings_by=by), said
