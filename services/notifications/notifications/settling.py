"""What becomes of a notice when the conversation about it has ended."""

import random
from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from chassis.telemetry import logger
from contracts.base import DomainEvent
from notifications import domain, over, recipient_store, sending_store
from notifications.domain import Ending, NoticeState, NotStarted, Outcome, Rejected, Sent, Unknown
from notifications.letters import Letter
from notifications.over import Telling

log = logger(__name__)


async def settle(tx: Transaction, replica: str, ended: Sequence[tuple[Letter, Outcome]]) -> None:
    """Write down what became of each, with its words and what is said of it; what another claimed meanwhile stays."""
    if not ended:
        return
    unsent = [_telling(letter) for letter, outcome in ended if isinstance(outcome, NotStarted)]
    why_over = await over.why_over(tx, unsent)
    endings: dict[UUID, Ending] = {}
    for letter, outcome in ended:
        jitter = random.random()  # noqa: S311 - jitter, no secret
        ending = domain.ending(
            outcome, attempts=letter.attempts, now=tx.now, jitter=jitter, over=why_over.get(letter.notice_id)
        )
        endings[letter.notice_id] = ending
        endings |= dict.fromkeys((item.notice_id for item in letter.items), domain.ending_of_item(ending))
    held = await sending_store.settle(tx, replica, endings)
    _log(ended, endings, held)
    await _keep_words(tx, ended, held)
    await _note_failed_addresses(tx, ended, held)
    said = [event for letter, _ in ended for event in _said(letter, endings, held, tx)]
    if said:
        await outbox.put(tx, *said)


async def _keep_words(tx: Transaction, ended: Sequence[tuple[Letter, Outcome]], held: Collection[UUID]) -> None:
    """Of what went out or may have gone out."""
    texts = {
        notice_id: text
        for letter, outcome in ended
        if isinstance(outcome, Sent | Unknown)
        for notice_id, text in letter.texts().items()
        if notice_id in held
    }
    if texts:
        await sending_store.keep_words(tx, texts)


async def _note_failed_addresses(
    tx: Transaction, ended: Sequence[tuple[Letter, Outcome]], held: Collection[UUID]
) -> None:
    refused = {
        letter.member_id: (letter.email, outcome.reason)
        for letter, outcome in ended
        if isinstance(outcome, Rejected) and outcome.of_address and letter.notice_id in held
    }
    if not refused:
        return
    recipients = await recipient_store.lock_recipients(tx, *refused)
    # A new address that came meanwhile has refused nothing.
    reasons = {who: reason for who, (email, reason) in refused.items() if recipients[who].email == email}
    await sending_store.note_failed_addresses(tx, reasons)


def _log(ended: Sequence[tuple[Letter, Outcome]], endings: dict[UUID, Ending], held: Collection[UUID]) -> None:
    for letter, _ in ended:
        ending = endings[letter.notice_id]
        if letter.notice_id not in held:
            log.warning("a conversation ended after its claim", notice_id=str(letter.notice_id), ended=ending.state)
        elif ending.state is not NoticeState.SENT:
            log.info("not sent", notice_id=str(letter.notice_id), state=ending.state, reason=ending.reason)


def _said(letter: Letter, endings: dict[UUID, Ending], held: Collection[UUID], tx: Transaction) -> list[DomainEvent]:
    """Of a notice, or of each that a digest held, that it went out or was refused."""
    told = [(its.notice_id, its.category) for its in letter.items] or [(letter.notice_id, letter.category)]
    state, who, channel = endings[letter.notice_id].state, letter.member_id, letter.channel
    said = [
        domain.news(state, notice_id=notice_id, member_id=who, category=category, channel=channel, now=tx.now)
        for notice_id, category in told
        if notice_id in held
    ]
    return [event for event in said if event is not None]


def _telling(letter: Letter) -> Telling:
    event = letter.about.hosted_event
    return Telling(
        letter.notice_id,
        letter.member_id,
        letter.template.name,
        letter.about_member_id,
        letter.pair_id,
        event.hosted_event_id if event else None,
    )
