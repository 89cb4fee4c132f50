"""The notices as rows of the chassis's sender loop: `sending` before the conversation, its outcome after it."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.sender import Sender
from chassis.telemetry import logger
from contracts.notifications import Channel, NoticeCategory, NotificationSent
from notifications import domain, hosted_event_store, my_store, store
from notifications.domain import NoticeState, NotStarted, Outcome, RecipientState
from notifications.hosted_event_notices import OVER, THANKS
from notifications.letters import TEMPLATES, About, Letter
from notifications.mail import Mail

AT_ONCE = 8  # conversations of one replica, and so the most that a kill leaves unknown
LOST = "whoever was sending it was stopped, or answered too late"
log = logger(__name__)


@dataclass(frozen=True)
class Notices:
    """What `chassis.sender.Rows` asks for, on the table of notices."""

    replica: str
    domain_name: str  # the right side of every Message-ID

    async def claim(self, tx: Transaction, replica: str, limit: int) -> Sequence[Letter]:
        rows = await store.claim_due(tx, replica=replica, limit=limit, domain=self.domain_name)
        events = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in rows])
        return [
            Letter(
                notice_id=row["notice_id"],
                member_id=row["member_id"],
                category=NoticeCategory(row["category"]),
                template=TEMPLATES[row["template"], row["template_version"]],
                attempts=row["attempts"],
                message_id=row["message_id"],
                name=row["name"],
                email=row["email"],
                about=About(row["about_name"], row["about_email"], events.get(row["hosted_event_id"])),
                about_member_id=row["about_member_id"],
                pair_id=row["pair_id"],
            )
            for row in rows
        ]

    async def settle(self, tx: Transaction, ended: Sequence[tuple[Letter, Outcome]]) -> None:
        unsent = [letter for letter, outcome in ended if isinstance(outcome, NotStarted)]
        # Hosted events before recipients, as every other lock on both.
        hosted = await hosted_event_store.hosted_of(tx, [its for its in map(_told_before, unsent) if its])
        in_order = sorted(ended, key=lambda its: its[0].member_id)  # as every other lock on recipients
        sent = [letter for letter, outcome in in_order if await self._is_sent(tx, letter, outcome, hosted)]
        if sent:
            await outbox.put(tx, *(_said(letter, tx.now) for letter in sent))

    async def _is_sent(self, tx: Transaction, letter: Letter, outcome: Outcome, hosted: Collection[UUID]) -> bool:
        """Write one outcome; whether it is that the message went out, and that was not known before."""
        jitter = random.random()  # noqa: S311 - jitter, no secret
        over = await _over(tx, letter, hosted) if isinstance(outcome, NotStarted) else None
        ending = domain.ending(outcome, attempts=letter.attempts, now=tx.now, jitter=jitter, over=over)
        settled = await store.settle(tx, letter.notice_id, self.replica, ending)
        if not settled:
            log.warning("a conversation ended after its claim", notice_id=str(letter.notice_id), ended=ending.state)
        elif ending.state is not NoticeState.SENT:
            log.info("not sent", notice_id=str(letter.notice_id), state=ending.state, reason=ending.reason)
        return settled and ending.state is NoticeState.SENT

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        return await store.forget_lost(tx, replica, LOST, starting=starting)


def _said(letter: Letter, now: datetime) -> NotificationSent:
    return NotificationSent(
        notice_id=letter.notice_id,
        member_id=letter.member_id,
        category=letter.category,
        channel=Channel.EMAIL,
        sent_at=now,
    )


def _told_before(letter: Letter) -> UUID | None:
    """The hosted event that a letter tells of ahead of it; thanks come after it."""
    its = letter.about.hosted_event
    return its.hosted_event_id if its and letter.template != THANKS else None


async def _over(tx: Transaction, letter: Letter, hosted: Collection[UUID]) -> str | None:
    """Why a letter may not become due again: it was `sending` when the reaction that cancels looked.

    What is asked stays held, so that a reaction which comes now finds the letter due.
    """
    if await _has_left(tx, letter):
        return domain.LEFT_BEFORE_SENDING
    if letter.pair_id is not None and not await my_store.hold_pair(tx, letter.pair_id):
        return domain.PAIR_ENDED
    return OVER if _told_before(letter) in hosted else None


async def _has_left(tx: Transaction, letter: Letter) -> bool:
    """Whether its member, or the one whom it is about, left or was erased; both stay held."""
    members = sorted(its for its in (letter.member_id, letter.about_member_id) if its is not None)
    held = [await store.lock_recipient(tx, member_id) for member_id in members]
    return any(recipient.state is RecipientState.LEFT for recipient in held)


class MailSender(Sender[Letter, Outcome]):
    """The sender loop of the notices; its connections to the mail server end with it."""

    def __init__(self, mail: Mail, replica: str) -> None:
        notices = Notices(replica, mail.sender.rpartition("@")[2])
        super().__init__("mail", notices, mail.converse, replica, at_once=AT_ONCE)
        self.mail = mail

    async def run(self, database: Database) -> None:
        try:
            await super().run(database)
        finally:
            await self.mail.close()
