"""Why a notice may not become due again: what it tells is so no more, and the reaction that cancels did not see it.

It was being sent, its end was unknown, or it had failed when that reaction looked. What is asked here stays held, so
that a reaction which comes now finds the notice due: hosted events first, then recipients, as everywhere, then pairs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from notifications import hosted_event_store, my_store, recipient_store
from notifications.domain import LEFT_BEFORE_SENDING, PAIR_ENDED, RecipientState
from notifications.hosted_event_notices import OVER, THANKS


@dataclass(frozen=True)
class Telling:
    """To whom a notice is, and what it tells of; that never changes but by an erasure."""

    notice_id: UUID
    member_id: UUID
    template: str
    about_member_id: UUID | None = None
    pair_id: UUID | None = None
    hosted_event_id: UUID | None = None
    useful_until: datetime | None = None

    @property
    def members(self) -> set[UUID]:
        return {its for its in (self.member_id, self.about_member_id) if its is not None}

    @property
    def told_before(self) -> UUID | None:
        """The hosted event that it tells of ahead of it; thanks come after it."""
        return self.hosted_event_id if self.template != THANKS.name else None


async def tellings_of(tx: Transaction, notices: Collection[UUID]) -> list[Telling]:
    """Of those of these that there are; not held."""
    rows = await tx.fetch(
        """
        SELECT notice_id, member_id, template, about_member_id, pair_id, hosted_event_id, useful_until FROM notice
        WHERE notice_id = ANY($1::uuid[])""",
        list(notices),
    )
    return [Telling(**row) for row in rows]


async def why_over(tx: Transaction, tellings: Sequence[Telling]) -> dict[UUID, str | None]:
    """For each why it may not become due again, or None."""
    hosted = await hosted_event_store.hosted_of(tx, {its.told_before for its in tellings if its.told_before})
    members = {member_id for its in tellings for member_id in its.members}
    recipients = await recipient_store.lock_recipients(tx, *members) if members else {}
    left = {member_id for member_id, its in recipients.items() if its.state is RecipientState.LEFT}
    pairs = await my_store.hold_pairs(tx, {its.pair_id for its in tellings if its.pair_id})

    def why(its: Telling) -> str | None:
        if left & its.members:
            return LEFT_BEFORE_SENDING
        if its.pair_id is not None and its.pair_id not in pairs:
            return PAIR_ENDED
        return OVER if its.told_before in hosted else None

    return {its.notice_id: why(its) for its in tellings}
