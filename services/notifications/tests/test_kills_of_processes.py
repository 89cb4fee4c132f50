"""A sender that is killed at each step of a conversation: nothing goes out twice, and what may have gone out is known.

What GOV.UK Notify may have taken is found out by asking; what the mail server may have taken stays unknown.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.database import Database
from contracts.notifications import Channel
from notifications import unknowns
from notifications.notify import Notify
from notifications.notify_double import KEY, TEMPLATE, Cut, NotifyDouble
from notifications.testing import (
    MailServerDouble,
    channels_to,
    is_standing,
    joins,
    mail_to,
    rows,
    said_events,
    sending,
)
from notifications.unknowns import Patience
from testkit.eventually import eventually

PROGRAM = Path(__file__).with_name("sender_process.py")
ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
LOST = ("unknown", "whoever was sending it was stopped, or answered too late")
SENT = ("sent", None)


@dataclass
class Victim:
    """The process that is to die."""

    database_url: str
    process: asyncio.subprocess.Process | None = None

    async def runs(self, channel: str, port: int, moment: str = "") -> None:
        """Until it is killed."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), self.database_url, channel, str(port), moment
        )
        try:
            async with asyncio.timeout(60):
                assert await self.process.wait() == -signal.SIGKILL
        finally:
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()

    def dies(self) -> None:
        if self.process is not None and self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)


@pytest.fixture
def victim(database_url: str) -> Victim:
    return Victim(database_url)


@dataclass
class KillingMailServer(MailServerDouble):
    """Kills who speaks with it, once, at a step of the conversation."""

    at: str = ""
    kill: Callable[[], None] = field(default=lambda: None)

    def reach(self, step: str) -> None:
        if step == self.at:
            self.at = ""
            self.kill()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        self.reach("EHLO")
        return await super().handle_EHLO(its, session, envelope, name, replies)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.reach("MAIL")
        return await super().handle_MAIL(its, session, envelope, address, options)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.reach("RCPT")
        return await super().handle_RCPT(its, session, envelope, address, options)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, its: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = await super().handle_DATA(its, session, envelope)
        self.reach("taken")
        return answer

    def _connection(self) -> SMTP:
        double = self

        class Connection(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                double.reach("connect")
                super().connection_made(transport)

            async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
                double.reach("DATA")
                await super().smtp_DATA(arg)

        its = Connection(self, hostname="mail.test", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._open.append(its)
        return its


@pytest.fixture
async def killing(victim: Victim) -> AsyncIterator[KillingMailServer]:
    its = KillingMailServer(kill=victim.dies)
    await its.start()
    yield its
    await its.stop()


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("claiming", (SENT, 1)),
        ("claimed", (LOST, 0)),
        ("connect", (LOST, 0)),
        ("EHLO", (LOST, 0)),
        ("MAIL", (LOST, 0)),
        ("RCPT", (LOST, 0)),
        ("DATA", (LOST, 0)),
        ("taken", (LOST, 1)),
        ("answered", (LOST, 1)),
        ("settling", (LOST, 1)),
    ],
)
async def test_the_mail_server_gets_nothing_twice_whenever_its_sender_is_killed(
    notifications: Database,
    victim: Victim,
    killing: KillingMailServer,
    moment: str,
    ends: tuple[tuple[str, str | None], int],
) -> None:
    killing.at = moment
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await victim.runs(Channel.EMAIL, killing.port, moment)

    await joins(notifications, BEN, "Ben", "ben@example.org")
    stands, handed = ends
    async with sending(notifications, mail_to(killing)):
        await eventually(is_standing(notifications, stands, SENT))

    assert sorted(address for its in killing.handed for address in its.rcpt_tos) == [
        *["ada@example.org"] * handed,
        "ben@example.org",
    ]
    assert len(await said_events(notifications)) == 1 + (stands == SENT)


@pytest.mark.parametrize(
    ("moment", "asked"),
    [("claiming", 0), ("claimed", 1), ("written", 1), ("taken", 1), ("answered", 1), ("settling", 1)],
)
async def test_notify_gets_nothing_twice_and_everything_once_whenever_its_sender_is_killed(
    notifications: Database, victim: Victim, notify: NotifyDouble, moment: str, asked: int
) -> None:
    async def dies() -> None:
        victim.dies()
        notify.before = notify.after = goes_on

    async def dies_and_is_not_heard() -> None:
        await dies()
        raise Cut

    goes_on: Callable[[], Awaitable[None]] = notify.before  # type: ignore[assignment]
    if moment == "written":
        notify.before = dies_and_is_not_heard
    elif moment == "taken":
        notify.after = dies
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await victim.runs(Channel.NOTIFY, notify.port, moment)

    way = Notify(KEY, TEMPLATE, notify.url)
    find_out = unknowns.asking(way.ask, Patience.none())
    async with sending(notifications, channels_to(way, Channel.NOTIFY)):
        await eventually(_has_no_claim(notifications))
        while await find_out(notifications):
            pass
        await eventually(is_standing(notifications, SENT))

    assert [its.request["email_address"] for its in notify.taken] == ["ada@example.org"]
    assert notify.asked == asked
    assert await rows(notifications, "SELECT provider_id FROM notice") == [(notify.taken[0].provider_id,)]
    assert len(await said_events(notifications)) == 1


def _has_no_claim(database: Database) -> Callable[[], Awaitable[bool]]:
    """The new sender has seen what the killed one held."""

    async def probe() -> bool:
        return await rows(database, "SELECT FROM notice WHERE state IN ('due', 'sending')") == []

    return probe
