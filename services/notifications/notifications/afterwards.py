"""What is heard of a message after its conversation: a receipt, a bounce, or an answer to our question.

    stands as          it arrived             it did not
    unknown, due       sent, delivered        failed          due: we took it for one that had not begun
    sent               delivered              failed, unless it arrived before
    failed             sent, delivered        -
    any other          -                      -

Each may come several times, in any order, and of a message that was sent again since: then it changes nothing. A digest
and what it held share their fate.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from notifications import domain, recipient_store, sending_store
from notifications.domain import DIGEST, Ending, NoticeState, Recipient

REFERENCE: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([0-9]{1,4}))?")
OPEN_TO_NEWS: Final = frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.UNKNOWN, NoticeState.DUE})


@dataclass(frozen=True)
class Message:
    """A notice that went out, or may have, with what it held; its member and itself are held until the commit."""

    notice_id: UUID
    recipient: Recipient
    state: NoticeState
    channel: str
    is_delivered: bool
    told: tuple[tuple[UUID, str], ...]  # what it tells, with the category: itself, or what a digest held


def follows(state: NoticeState, *, is_delivered: bool, arrived: bool) -> NoticeState | None:
    """Where a notice stands after such news; None where they change nothing."""
    if state not in OPEN_TO_NEWS:
        return None
    if arrived:
        return NoticeState.SENT
    return None if is_delivered or state is NoticeState.FAILED else NoticeState.FAILED


async def hold(tx: Transaction, reference: str, channel: str) -> Message | None:
    """The message with this reference; None where it is none of ours, or another was sent since."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        return None
    notice_id, redelivery = UUID(found[1]), int(found[2] or 0)
    member_id = await tx.fetchval("SELECT member_id FROM notice WHERE notice_id = $1", notice_id)
    if member_id is None:
        return None
    recipient = await recipient_store.lock_recipient(tx, member_id)
    rows = await tx.fetch(
        """
        SELECT notice_id, category, template, state, channel, delivered_at, redeliveries FROM notice
        WHERE notice_id = $1 OR digest_id = $1 ORDER BY notice_id <> $1, number FOR UPDATE""",
        notice_id,
    )
    if not rows or rows[0]["channel"] != channel or rows[0]["redeliveries"] != redelivery:
        return None
    its, *items = rows
    state = NoticeState(its["state"])
    told = [(row["notice_id"], row["category"]) for row in items if row["state"] == state]
    if its["template"] != DIGEST.name:
        told = [(notice_id, its["category"])]
    return Message(notice_id, recipient, state, channel, its["delivered_at"] is not None, tuple(told))


async def arrived(tx: Transaction, message: Message) -> None:
    """It is in the mailbox."""
    if follows(message.state, is_delivered=message.is_delivered, arrived=True):
        await settle(tx, message, Ending(NoticeState.SENT))
        await tx.execute(
            "UPDATE notice SET delivered_at = coalesce(delivered_at, $2) WHERE notice_id = ANY($1::uuid[])",
            _rows_of(message),
            tx.now,
        )


async def did_not_arrive(tx: Transaction, message: Message, reason: str, refused: Collection[str] = ()) -> None:
    """It is in no mailbox, and why. `refused` are addresses at which nothing arrives."""
    if follows(message.state, is_delivered=message.is_delivered, arrived=False):
        await settle(tx, message, Ending(NoticeState.FAILED, reason))
    email = message.recipient.email
    # A new address that came meanwhile has refused nothing.
    if email is not None and email.casefold() in {address.strip().casefold() for address in refused}:
        await sending_store.note_failed_addresses(tx, {message.recipient.member_id: reason})


async def settle(tx: Transaction, message: Message, ending: Ending) -> None:
    """Write where it stands now, and say so where that is news."""
    if ending.state is message.state:
        return
    of_item = domain.ending_of_item(ending)
    for notices, its in (
        ([message.notice_id], ending),
        ([notice_id for notice_id, _ in message.told if notice_id != message.notice_id], of_item),
    ):
        await tx.execute(
            """
            UPDATE notice SET state = $2, reason = $3, due_at = coalesce($4, due_at),
                sent_at = CASE WHEN $2 = 'sent' THEN $5::timestamptz END, provider_id = coalesce($6, provider_id)
            WHERE notice_id = ANY($1::uuid[])""",
            notices,
            its.state,
            its.reason,
            its.due_at,
            tx.now,
            its.provider_id,
        )
    who, channel = message.recipient.member_id, message.channel
    said = [
        domain.news(ending.state, notice_id=notice_id, member_id=who, category=category, channel=channel, now=tx.now)
        for notice_id, category in message.told
    ]
    if news := [event for event in said if event is not None]:
        await outbox.put(tx, *news)


def _rows_of(message: Message) -> list[UUID]:
    return [message.notice_id, *(notice_id for notice_id, _ in message.told)]
