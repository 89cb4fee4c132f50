"""The notices as rows of the chassis's sender loop: `sending` before the conversation, its outcome after it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.sender import Sender
from chassis.telemetry import logger
from contracts.notifications import Channel, NoticeCategory, NotificationSent
from notifications import domain, store
from notifications.domain import NoticeState, NotStarted, Outcome, RecipientState
from notifications.letters import TEMPLATES, Letter
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
            )
            for row in rows
        ]

    async def settle(self, tx: Transaction, item: Letter, outcome: Outcome) -> None:
        jitter = random.random()  # noqa: S311 - jitter, no secret
        # A leaver's notice may not become due again; it was `sending` when the reaction to their leaving looked.
        left = isinstance(outcome, NotStarted) and await _has_left(tx, item)
        ending = domain.ending(outcome, attempts=item.attempts, now=tx.now, jitter=jitter, left=left)
        if not await store.settle(tx, item.notice_id, self.replica, ending):
            log.warning("a conversation ended after its claim", notice_id=str(item.notice_id), ended=ending.state)
        elif ending.state is NoticeState.SENT:
            await outbox.put(
                tx,
                NotificationSent(
                    notice_id=item.notice_id,
                    member_id=item.member_id,
                    category=item.category,
                    channel=Channel.EMAIL,
                    sent_at=tx.now,
                ),
            )
        else:
            log.info("not sent", notice_id=str(item.notice_id), state=ending.state, reason=ending.reason)

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        return await store.forget_lost(tx, replica, LOST, starting=starting)


async def _has_left(tx: Transaction, item: Letter) -> bool:
    recipient = await store.lock_recipient(tx, item.member_id)
    return recipient.state is RecipientState.LEFT


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
