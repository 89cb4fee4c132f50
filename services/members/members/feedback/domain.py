"""A round of feedback on a commitment: asked, answered by nobody in particular, closed, summed up, acted on. Pure.

open ── its last day ends in London ──> closed ── summary ──> summed up ── you said, we did ──> answered

Refused
├── NoSuchRound           404
├── AlreadyAsked          one round of a commitment at a time
├── RoundClosed           no token and no answer any more
├── TokenTaken            a member has one token a round
├── TokenUsed             a token has one answer
├── StillOpen, AlreadySummedUp
└── NotSummedUp, AlreadyAnswered
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.feedback import FeedbackAnswered, FeedbackRoundOpened, FeedbackSummaryPublished
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.feedback.figures import Figures, counted
from members.feedback.policy import Policy


class Rating(StrEnum):
    """How well a commitment is kept, in the eyes of whoever answers."""

    WELL = "well"
    PARTLY = "partly"
    NOT_AT_ALL = "not-at-all"
    CANNOT_SAY = "cannot-say"


class NoSuchRound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such question.")


class AlreadyAsked(Refused):
    def __init__(self) -> None:
        super().__init__("Members are being asked about this commitment already. Wait until that question has closed.")


class RoundClosed(Refused):
    def __init__(self) -> None:
        super().__init__("This question has closed and takes no more answers. What came of it will be on its page.")


class NotAMember(Refused):
    def __init__(self) -> None:
        super().__init__("Only members of the profession are asked. Join, sign in again, and take your token then.")


class TokenTaken(Refused):
    def __init__(self) -> None:
        super().__init__(
            "You have had your token for this question, and nobody can say which it was. Answer with it until the"
            " question closes. If you have lost it, you can answer the next question."
        )


class TokenUsed(Refused):
    def __init__(self) -> None:
        super().__init__("This token has been used: its answer is in, and can be neither seen nor changed.")


class StillOpen(Refused):
    def __init__(self) -> None:
        super().__init__("This question is still open. Sum it up once it has closed.")


class AlreadySummedUp(Refused):
    def __init__(self) -> None:
        super().__init__("The summary of this question is published, and stays as it is.")


class NotSummedUp(Refused):
    def __init__(self) -> None:
        super().__init__("Publish the summary of this question first, so that everybody knows what was said.")


class AlreadyAnswered(Refused):
    def __init__(self) -> None:
        super().__init__("What was done about this question is published, and stays as it is.")


@dataclass(frozen=True)
class Asked:
    """What a round asks: of which commitment, until which day, and which groups it must hear, by code."""

    commitment_id: UUID
    title: str
    about: str | None
    closes_on: date
    must_hear: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """Who did it are accounts. `answered` is to the nearest five; None: too few to be told of, or not closed."""

    round_id: UUID
    asked: Asked
    opened_at: datetime
    opened_by: UUID
    closed_at: datetime | None = None
    answered: int | None = None
    heard: tuple[str, ...] = ()
    summary: str | None = None
    summarised_at: datetime | None = None
    summarised_by: UUID | None = None
    you_said: str | None = None
    we_did: str | None = None
    responded_at: datetime | None = None
    responded_by: UUID | None = None

    @property
    def unheard(self) -> tuple[str, ...]:
        """The groups that it must hear and has not, by code."""
        return tuple(code for code in self.asked.must_hear if code not in self.heard)

    def is_open(self, today: date) -> bool:
        """Whether it takes answers on this day in London."""
        return self.closed_at is None and today <= self.asked.closes_on


@dataclass(frozen=True)
class FeedbackGiven:
    """What somebody answered. Restricted: it is said on no stream and names nobody; no instant goes with it."""

    rating: Rating
    groups: tuple[str, ...]
    comment: str | None


@dataclass(frozen=True)
class Closing:
    """A closed round, what may be told of its answers, and what people wrote, in an order drawn by chance."""

    its: Round
    figures: Figures
    comments: tuple[str, ...]


def ask(
    asked: Asked, *, round_id: UUID, is_asked: bool, link: str, policy: Policy, by: UUID, now: datetime, today: date
) -> tuple[Round, FeedbackRoundOpened]:
    """Open a round. Raises `AlreadyAsked` where one of this commitment `is_asked`, and `Invalid`."""
    if is_asked:
        raise AlreadyAsked
    wrong = []
    if not today <= asked.closes_on <= today + policy.longest_round:
        days = policy.longest_round.days
        wrong.append(FieldError("closes_on", f"Choose today or a day within the next {days} days"))
    if not set(asked.must_hear) <= set(policy.groups):
        wrong.append(FieldError("must_hear", "Choose from the groups that can be asked for"))
    if wrong:
        raise Invalid(*wrong)
    opened = FeedbackRoundOpened(
        round_id=round_id,
        commitment_id=asked.commitment_id,
        title=asked.title,
        closes_on=asked.closes_on,
        must_hear=list(asked.must_hear),
        link=link,
    )
    return Round(round_id, asked, now, by), opened


def give(its: Round, *, rating: Rating, groups: Sequence[str], comment: str | None) -> FeedbackGiven:
    """An answer, whoever gives it. Raises `Invalid` for a group that this round does not ask for."""
    if not set(groups) <= set(its.asked.must_hear):
        raise Invalid(FieldError("groups", "Choose from the groups that this question asks for, or none"))
    return FeedbackGiven(rating, tuple(code for code in its.asked.must_hear if code in groups), comment)


def close(
    its: Round, given: Collection[FeedbackGiven], *, policy: Policy, shuffle: Callable[[list[str]], None], now: datetime
) -> Closing:
    """What is left of the answers. Too few of them are told of by nothing: what was written is not kept either."""
    found = counted(
        [(answer.rating.value, answer.groups) for answer in given],
        ratings=[rating.value for rating in Rating],
        groups=its.asked.must_hear,
        policy=policy,
    )
    comments = [answer.comment for answer in given if answer.comment] if found.answered is not None else []
    shuffle(comments)
    closed = replace(its, closed_at=now, answered=found.answered, heard=found.heard)
    return Closing(closed, found, tuple(comments))


def sum_up(its: Round, *, summary: str, link: str, by: UUID, now: datetime) -> tuple[Round, FeedbackSummaryPublished]:
    """Raises `StillOpen`, `AlreadySummedUp`."""
    if its.closed_at is None:
        raise StillOpen
    if its.summary is not None:
        raise AlreadySummedUp
    published = FeedbackSummaryPublished(
        round_id=its.round_id,
        commitment_id=its.asked.commitment_id,
        summary=summary,
        answered=its.answered,
        heard=list(its.heard),
        link=link,
    )
    return replace(its, summary=summary, summarised_at=now, summarised_by=by), published


def respond(
    its: Round, *, you_said: str, we_did: str, link: str, by: UUID, now: datetime
) -> tuple[Round, FeedbackAnswered]:
    """You said, we did. Raises `NotSummedUp`, `AlreadyAnswered`."""
    if its.summary is None:
        raise NotSummedUp
    if its.we_did is not None:
        raise AlreadyAnswered
    said = FeedbackAnswered(
        round_id=its.round_id, commitment_id=its.asked.commitment_id, you_said=you_said, we_did=we_did, link=link
    )
    return replace(its, you_said=you_said, we_did=we_did, responded_at=now, responded_by=by), said
