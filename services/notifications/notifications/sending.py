"""The notices as rows of the chassis's sender loop: `sending` before the conversation, its outcome after it.

Claiming asks of each notice that is due what is to become of it now (`deciding.fate`); only what is to be sent is
claimed. What a conversation has come to is written down by `settling`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.sender import Sender
from chassis.telemetry import logger
from contracts.address_proof import address_proof
from contracts.base import DomainEvent
from contracts.notifications import Channel, NotificationSent, NotificationSuppressed
from notifications import deciding, hosted_event_store, sending_store, settling
from notifications.channels import Channels
from notifications.deciding import (
    ADDRESS_FAILED,
    OUTSIDE_HOURS,
    PREFERENCE,
    UNCHOSEN,
    Choice,
    Fate,
    Frequency,
    Gather,
    Hours,
    PutOff,
    Send,
)
from notifications.domain import (
    CONFIRM_ADDRESS,
    DIGEST,
    WELCOME,
    NoticeState,
    Outcome,
)
from notifications.hosted_event_notices import Announcement
from notifications.letters import About, Item, Letter, text_of
from notifications.told import TEMPLATES

AT_ONCE = 32  # conversations of one replica, and so the most that a kill leaves unknown
LOOKED_AT = 200  # due notices at a time, where the first ones are not to be sent now
LOOKS = 20
LOST = "whoever was sending it was stopped, or answered too late"
ASKS_TO_CONFIRM: Final = frozenset({WELCOME.name, CONFIRM_ADDRESS.name})
NOTHING_LEFT: Final = "nothing was left to tell"
IN_THE_INBOX_ALONE: Final = {
    PREFERENCE: "no mail, as the member wants it",
    ADDRESS_FAILED: "no mail reaches the member",
}
log = logger(__name__)


@dataclass
class _Looked:
    """What became of the due notices that were looked at, those to be sent by this channel."""

    channel: str
    letters: list[Letter] = field(default_factory=list)
    said: list[DomainEvent] = field(default_factory=list)


@dataclass(frozen=True)
class Notices:
    """What `chassis.sender.Rows` asks for, on the table of notices."""

    replica: str
    domain_name: str  # the right side of every Message-ID
    front_door: str
    address_key: str = field(repr=False)
    channels: Channels
    wake_after: Callable[[float], None]  # in seconds, for what has no room yet

    async def claim(self, tx: Transaction, replica: str, limit: int) -> Sequence[Letter]:
        channel = self.channels.current()
        room = self.channels.room(limit, channel)
        if room < limit:
            self.wake_after(self.channels.seconds_until_room())
        looked, width = _Looked(channel), room or LOOKED_AT
        for _ in range(LOOKS if room else 1):  # what is not to be sent is told or put off all the same
            rows = await sending_store.due(tx, width)
            if not rows:
                break
            await self._look(tx, rows, replica, room - len(looked.letters), looked)
            if len(looked.letters) == room or len(rows) < width:
                break
            width = LOOKED_AT
        if looked.said:
            await outbox.put(tx, *looked.said)
        return looked.letters

    async def _look(
        self, tx: Transaction, rows: Sequence[asyncpg.Record], replica: str, room: int, looked: _Looked
    ) -> None:
        """Decide on each and write it down; up to `room` are claimed, and more that could be stay due."""
        by_kind: dict[type[Any], list[tuple[asyncpg.Record, Any]]] = {}
        for row in rows:
            its = _fate(row, tx)
            by_kind.setdefault(type(its), []).append((row, its))
        for kind, state, why in ((PutOff, NoticeState.DUE, OUTSIDE_HOURS), (Gather, NoticeState.GATHERED, None)):
            if later := by_kind.get(kind):
                await sending_store.put_off(tx, {row["notice_id"]: its.until for row, its in later}, state, why)
        if inbox := by_kind.get(deciding.TellInInbox):
            looked.said += await self._tell_in_inbox(tx, [row for row, _ in inbox])
        if suppressed := by_kind.get(deciding.Suppress):
            await sending_store.suppress(tx, {row["notice_id"]: its.reason for row, its in suppressed})
            looked.said += [
                NotificationSuppressed(
                    notice_id=row["notice_id"],
                    member_id=row["member_id"],
                    category=row["category"],
                    reason=its.reason,
                    suppressed_at=tx.now,
                )
                for row, its in suppressed
                if row["template"] != DIGEST.name
            ]
        sent = by_kind.get(Send, [])[:room]
        if hidden := [row["notice_id"] for row, its in (*sent, *by_kind.get(Gather, ())) if not its.in_inbox]:
            await sending_store.leave_out_of_inbox(tx, hidden)
        looked.letters += await self._claim(tx, replica, looked.channel, [row for row, _ in sent])

    async def _claim(self, tx: Transaction, replica: str, channel: str, rows: Sequence[asyncpg.Record]) -> list[Letter]:
        if not rows:
            return []
        message_ids = {row["notice_id"]: self._message_id(row) for row in rows}
        items: dict[UUID, list[asyncpg.Record]] = {}
        digests = [row["notice_id"] for row in rows if row["template"] == DIGEST.name]
        if digests:
            claimed = await sending_store.claim_items(tx, digests, channel=channel, replica=replica)
            for row in claimed:
                items.setdefault(row["digest_id"], []).append(row)
            if empty := [its for its in digests if its not in items]:
                await sending_store.cancel(tx, empty, NOTHING_LEFT)
                rows = [row for row in rows if row["notice_id"] not in empty]
        await sending_store.claim(
            tx, {row["notice_id"]: message_ids[row["notice_id"]] for row in rows}, channel=channel, replica=replica
        )
        told_of = [*rows, *(row for its in items.values() for row in its)]
        events = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in told_of])
        return [
            Letter(
                notice_id=row["notice_id"],
                member_id=row["member_id"],
                category=row["category"],
                template=TEMPLATES[row["template"], row["template_version"]],
                attempts=row["attempts"] + 1,
                message_id=message_ids[row["notice_id"]],
                channel=channel,
                name=row["name"],
                email=row["email"],
                front_door=self.front_door,
                about=about_of(row, events),
                about_member_id=row["about_member_id"],
                pair_id=row["pair_id"],
                unsubscribe_token=row["unsubscribe_token"],
                confirm_url=self._confirm_url(row),
                items=tuple(
                    Item(
                        its["notice_id"],
                        its["category"],
                        TEMPLATES[its["template"], its["template_version"]],
                        about_of(its, events),
                    )
                    for its in items.get(row["notice_id"], ())
                ),
            )
            for row in rows
        ]

    def _message_id(self, row: asyncpg.Record) -> str:
        """Another one each time that somebody sends it again by hand."""
        again = f".{row['redeliveries']}" if row["redeliveries"] else ""
        return f"<{row['notice_id']}{again}@{self.domain_name}>"

    def _confirm_url(self, row: asyncpg.Record) -> str | None:
        """Where the member confirms the very address that this goes to; None when there is nothing to confirm."""
        if (asked := row["verification_id"]) is None or row["template"] not in ASKS_TO_CONFIRM:
            return None
        return f"{self.front_door}/join/verify/{asked}/{address_proof(self.address_key, asked, row['email'])}"

    async def _tell_in_inbox(self, tx: Transaction, rows: Sequence[asyncpg.Record]) -> list[DomainEvent]:
        reasons = {
            row["notice_id"]: IN_THE_INBOX_ALONE[ADDRESS_FAILED if row["address_failed"] else PREFERENCE]
            for row in rows
        }
        await sending_store.tell_in_inbox(tx, reasons)
        events = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in rows])
        texts = {
            row["notice_id"]: text_of(
                TEMPLATES[row["template"], row["template_version"]],
                name=row["name"],
                front_door=self.front_door,
                about=about_of(row, events),
            )
            for row in rows
        }
        await sending_store.keep_words(tx, texts)
        return [
            NotificationSent(
                notice_id=row["notice_id"],
                member_id=row["member_id"],
                category=row["category"],
                channel=Channel.INBOX,
                sent_at=tx.now,
            )
            for row in rows
        ]

    async def settle(self, tx: Transaction, ended: Sequence[tuple[Letter, Outcome]]) -> None:
        await settling.settle(tx, self.replica, ended)

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        return await sending_store.forget_lost(tx, replica, LOST, starting=starting)


def _fate(row: asyncpg.Record, tx: Transaction) -> Fate:
    template = TEMPLATES[row["template"], row["template_version"]]
    due = deciding.Due(
        critical=template.critical,
        wanted_at=row["wanted_at"],
        useful_until=row["useful_until"],
        late=row["late"],
        can_be_reached=row["address_failed"] is None,
        is_digest=template == DIGEST,
        restricted=row["restricted"],
        by_hand=row["redelivered_at"] is not None,
    )
    # What goes out in a digest stands under a category of its own, for which nobody chooses.
    unchosen = UNCHOSEN.get(row["category"], Choice())
    choice = Choice(Frequency(row["frequency"]), row["inbox"]) if row["frequency"] else unchosen
    hours = Hours(row["time_zone"], row["opens"], row["closes"], row["weekdays_only"]) if row["time_zone"] else Hours()
    return deciding.fate(due, choice, hours, tx.now)


def about_of(row: asyncpg.Record, events: Mapping[UUID, Announcement]) -> About:
    """What a notice tells of, from its row and what was published of hosted events."""
    facts = json.loads(row["facts"]) if row["facts"] else {}
    return About(row["about_name"], row["about_email"], events.get(row["hosted_event_id"]), facts)


class MailSender(Sender[Letter, Outcome]):
    """The sender loop of the notices; the connections of all ways end with it."""

    def __init__(
        self, channels: Channels, replica: str, *, domain_name: str, front_door: str, address_key: str
    ) -> None:
        notices = Notices(replica, domain_name, front_door.rstrip("/"), address_key, channels, self._wake_after)
        super().__init__("mail", notices, channels.converse, replica, at_once=AT_ONCE)
        self.channels = channels

    def _wake_after(self, seconds: float) -> None:
        if seconds < self.seconds:  # it looks again by then anyway
            asyncio.get_running_loop().call_later(seconds, self.wake)

    async def run(self, database: Database) -> None:
        try:
            await super().run(database)
        finally:
            await self.channels.close()
