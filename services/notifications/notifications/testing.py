"""For tests of notifications: a double of the mail server, the sender loop for a while, and what stands afterwards."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.events import EventHosted, EventPublished
from contracts.members import Grade, GradeBand, MemberContactChanged, MemberJoined, MemberLeft
from contracts.notifications import Channel, NoticeCategory
from notifications import choosing_store
from notifications.app import CONTACTS, EVENTS, MEMBERS
from notifications.channels import Channels, Transport
from notifications.deciding import Choice, Hours
from notifications.mail import Mail
from notifications.sending import MailSender

TALK = UUID("00000000-0000-4000-8000-0000000000e1")
FRONT_DOOR = "https://gse.test"
ADDRESS_KEY = "a key that members and notifications share"
Step = Callable[[SMTP], Awaitable[str]]


def _abort(connection: SMTP) -> None:
    if isinstance(connection.transport, asyncio.WriteTransport):
        connection.transport.abort()


async def takes(_connection: SMTP) -> str:
    return "250 OK"


def answers(answer: str) -> Step:
    async def step(_connection: SMTP) -> str:
        return answer

    return step


async def hangs_up(connection: SMTP) -> str:
    _abort(connection)
    return "250 OK"


async def says_nothing(_connection: SMTP) -> str:
    await asyncio.Event().wait()
    return "250 OK"


@dataclass
class MailServerDouble:
    """A double of the mail server: it keeps what it is handed, and each step answers as the test says."""

    port: int = 0
    at_mail: Step = takes
    at_rcpt: Step = takes
    at_data: Step = takes
    handed: list[Envelope] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _open: list[SMTP] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _its: SMTP, session: Session, _: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        self.connections += 1
        return replies

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, _: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self.at_mail(its)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, _: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self.at_rcpt(its)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.handed.append(envelope)
        return await self.at_data(its)

    def _connection(self) -> SMTP:
        its = SMTP(self, hostname="mail.test", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._open.append(its)
        return its

    async def start(self) -> None:
        """Listen, again on the same port when it listened before."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for its in self._open:
                _abort(its)
            await self._server.wait_closed()
        self._server = None
        self._open.clear()


def mail_to(server: MailServerDouble, seconds: float = 5) -> Mail:
    return Mail("127.0.0.1", server.port, "gse@profession.test", seconds=seconds)


def channels_to(transport: Transport, channel: str = Channel.EMAIL) -> Channels:
    """One way alone."""
    return Channels({channel: transport})


def sender_to(ways: Mail | Channels, replica: str = "0") -> MailSender:
    channels = ways if isinstance(ways, Channels) else channels_to(ways)
    return MailSender(channels, replica, domain_name="profession.test", front_door=FRONT_DOOR, address_key=ADDRESS_KEY)


@asynccontextmanager
async def sending(database: Database, mail: Mail | Channels, replica: str = "0") -> AsyncIterator[None]:
    """The sender loop, for as long as the block runs; stopped as a service stops it."""
    sender = sender_to(mail, replica)
    sender.seconds = 0.02
    task = asyncio.create_task(sender.run(database))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def published(hosted_event_id: UUID = TALK) -> EventPublished:
    return EventPublished(
        hosted_event_id=hosted_event_id,
        title="Women & girls in science",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
    )


def hosted(hosted_event_id: UUID = TALK) -> EventHosted:
    return EventHosted(hosted_event_id=hosted_event_id, hosted_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC))


def joined(member_id: UUID) -> MemberJoined:
    return MemberJoined(
        member_id=member_id,
        organisation="UKHSA",
        grade_band=GradeBand.HEO_SEO,
        grade=Grade.HEO,
        joined_on=date(2026, 2, 11),
    )


async def joins(database: Database, member_id: UUID, name: str, address: str) -> None:
    contact = MemberContactChanged(member_id=member_id, name=name, email=address)
    await deliver(database, "notifications", MEMBERS, said(joined(member_id), 1))
    await deliver(database, "notifications", CONTACTS, said(contact, 1))


async def leaves(database: Database, member_id: UUID) -> None:
    left = MemberLeft(
        member_id=member_id, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31)
    )
    await deliver(database, "notifications", MEMBERS, said(left, 2))


async def rows(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.fetch(sql, *values)]


async def standing(database: Database) -> list[tuple[Any, ...]]:
    """State and reason of every notice, in the order of making."""
    return await rows(database, "SELECT state, reason FROM notice ORDER BY number")


async def said_events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    return [
        (kind, json.loads(body)) for kind, body in await rows(database, "SELECT type, body FROM outbox ORDER BY id")
    ]


def is_standing(database: Database, *expected: tuple[str, str | None]) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def probe() -> bool:
        return await standing(database) == list(expected)

    return probe


def bounce_of(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    final: str = "ada@example.org",
    whole: bool = True,
) -> bytes:
    """A delivery status notification as a mail server writes one (RFC 3464)."""
    headers = (
        f"From: gse@profession.test\r\nTo: Ada King <ada@example.org>\r\nMessage-ID: {message_id}\r\nSubject: x\r\n"
    )
    returned = f"message/rfc822\r\n\r\n{headers}\r\nDear Ada\r\n" if whole else f"text/rfc822-headers\r\n\r\n{headers}"
    return (
        "From: MAILER-DAEMON@mail.test\r\nTo: gse@profession.test\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="between"\r\n\r\n'
        "--between\r\nContent-Type: text/plain\r\n\r\nI could not deliver to <ada@example.org>.\r\n"
        "--between\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.test\r\n\r\n"
        f"Final-Recipient: rfc822; {final}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 <ada@example.org> is nobody\r\n\r\n"
        f"--between\r\nContent-Type: {returned}\r\n--between--\r\n"
    ).encode("ascii")


class BusinessClock:
    """The business clock of a test, which it moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def chooses(
    database: Database, member_id: UUID, choice: Choice, hours: Hours | None = None, *categories: NoticeCategory
) -> None:
    """For these categories, or all."""
    async with database.transaction() as tx:
        await choosing_store.save(tx, member_id, dict.fromkeys(categories or NoticeCategory, choice), hours)


def talk(number: int) -> UUID:
    return UUID(int=0xE0 + number)


async def publishes(database: Database, *talks: UUID) -> None:
    for its in talks:
        await deliver(database, "notifications", EVENTS, said(published(its), 1))


async def notices(database: Database) -> list[tuple[Any, ...]]:
    """Template and state of every notice, in the order of making."""
    return await rows(database, "SELECT template, state FROM notice ORDER BY number")


def notices_are(database: Database, *expected: tuple[str, str]) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def probe() -> bool:
        return await notices(database) == list(expected)

    return probe
