"""Sending again by hand: the team decides it, of what failed and of what may or may not have gone out.

    failed, unknown     due now, with another Message-ID; out of the digest that it went out in, if it did
    any other           refused, as a digest itself is: what it held is sent again, each by itself

And only while it says something: not to or about a leaver, not of a pair that is over or an event that took place.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.database import Transaction
from chassis.telemetry import logger
from contracts.refusal import Refused
from notifications import over, redelivering_store
from notifications.domain import DIGEST, NoSuchNotice, NoticeState

TO_BE_SENT_AGAIN: Final = (NoticeState.FAILED, NoticeState.UNKNOWN)
OUT_OF_DATE: Final = "it tells nothing any more at this time"
log = logger(__name__)


class NotToBeSentAgain(Refused):
    """It neither failed nor is unknown."""

    def __init__(self, state: NoticeState) -> None:
        super().__init__(
            "Only a message that failed, or of which nobody knows whether it arrived, is sent again. "
            f"This one is {state}."
        )


class ADigestIsNotSentAgain(Refused):
    """A digest was made for one morning."""

    def __init__(self) -> None:
        super().__init__("A digest is not sent again. Send again what it held, each message by itself.")


class NothingToTellAnyMore(Refused):
    """What it says is over, or whom it is to or about has left."""

    def __init__(self, why: str) -> None:
        super().__init__(f"It is not sent again: {why.removesuffix(' before it was sent')}.")


@dataclass(frozen=True)
class Stopped:
    """A notice as far as it matters for sending it again. `over` says why what it tells is so no more."""

    state: NoticeState
    is_digest: bool
    useful_until: datetime | None
    over: str | None


def refusal(its: Stopped, now: datetime) -> Refused | None:
    """Why it is not sent again, if so."""
    if its.state not in TO_BE_SENT_AGAIN:
        return NotToBeSentAgain(its.state)
    if its.is_digest:
        return ADigestIsNotSentAgain()
    if its.over is not None:
        return NothingToTellAnyMore(its.over)
    if its.useful_until is not None and its.useful_until <= now:
        return NothingToTellAnyMore(OUT_OF_DATE)
    return None


async def send_again(tx: Transaction, notices: Collection[UUID], *, by: UUID) -> dict[UUID, Refused | None]:
    """Make these due again, by the account of somebody; gives for each why not, or None.

    Whom they are to and about stay held, after the hosted events that they tell of, as everywhere. So whoever leaves
    or ends a pair finds them due, or is seen here.
    """
    tellings = await over.tellings_of(tx, notices)
    why_over = await over.why_over(tx, tellings)
    states = await redelivering_store.states_of(tx, [its.notice_id for its in tellings])
    answers: dict[UUID, Refused | None] = {notice_id: NoSuchNotice() for notice_id in notices}
    for its in tellings:
        if (state := states.get(its.notice_id)) is not None:
            is_digest = its.template == DIGEST.name
            stopped = Stopped(NoticeState(state), is_digest, its.useful_until, why_over[its.notice_id])
            answers[its.notice_id] = refusal(stopped, tx.now)
    again = [notice_id for notice_id, refused in answers.items() if refused is None]
    await redelivering_store.make_due(tx, again, by=str(by))
    if again:
        log.info("sent again by hand", notices=len(again))
    return answers
