"""One measurement of `bench.mail` in a process of its own; its last line: the ms of processor that a message took."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from aiosmtplib import SMTP

from bench.mail import OURS, Order
from chassis.database import Database, connect
from chassis.testing import deliver, migrating, said
from contracts.notifications import Channel, NoticeCategory
from notifications import app
from notifications.channels import Channels
from notifications.hosted_event_notices import INVITATION, Announcement
from notifications.letters import About, Letter
from notifications.mail import Mail
from notifications.message import compose
from notifications.sending import AT_ONCE, MailSender
from notifications.testing import TALK, published

SENDER, FRONT_DOOR = "gse@profession.example", "http://localhost:8000"
LOOK_SECONDS = 0.25
TICKS = os.sysconf("SC_CLK_TCK")


async def measured(order: Order) -> dict[str, float]:
    logging.disable(logging.WARNING)
    await migrating("notifications", app.__file__)(order.database)
    database = await connect(order.database, size=4, name="bench")
    try:
        if order.what == OURS:
            await _make_due(database, order.messages)
            before = _used(order)
            await _send(database, order)
        else:
            ready = list(map(_ready, range(order.messages)))
            before = _used(order)
            await _hand_over(ready, order.smtp_port)
        used = _used(order)
    finally:
        await database.close()
    return {part: 1000 * (used[part] - before[part]) / order.messages for part in used}


async def _make_due(database: Database, members: int) -> None:
    """An event is published, and so everybody is invited."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO recipient (member_id, state, name, email)
            SELECT gen_random_uuid(), 'known', 'Zoë Member-' || number, 'member.' || number || '@ukhsa.example'
            FROM generate_series(1, $1) AS number""",
            members,
        )
    await deliver(database, "notifications", app.EVENTS, said(published(), 1))
    async with database.transaction() as tx:
        await tx.execute("ANALYZE")


async def _send(database: Database, order: Order) -> None:
    """The loop of the service, until nothing is due or on its way."""
    channels = Channels({Channel.EMAIL: Mail("127.0.0.1", order.smtp_port, SENDER)})
    sender = MailSender(channels, "0", domain_name="profession.example", front_door=FRONT_DOOR, address_key="k" * 32)
    sending = asyncio.create_task(sender.run(database))
    unsent = True
    while unsent and not sending.done():
        await asyncio.sleep(LOOK_SECONDS)
        async with database.transaction(one_statement=True) as tx:
            unsent = await tx.fetchval("SELECT EXISTS (SELECT FROM notice WHERE state IN ('due', 'sending'))")
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


def _ready(number: int) -> tuple[str, bytes]:
    """An invitation as ours is, made beforehand."""
    its = published()
    about = Announcement(TALK, its.title, its.summary, its.place, its.link, its.starts_at, its.ends_at)
    notice_id = UUID(int=number)
    letter = Letter(
        notice_id=notice_id,
        member_id=notice_id,
        category=NoticeCategory(INVITATION.category),
        template=INVITATION,
        attempts=1,
        message_id=f"<{notice_id}@profession.example>",
        name=f"Zoë Member-{number}",
        email=f"member.{number}@ukhsa.example",
        front_door=FRONT_DOOR,
        about=About(hosted_event=about),
        unsubscribe_token=notice_id,
    )
    return letter.email, compose(letter, sender=SENDER, date=datetime.now(UTC))


async def _hand_over(messages: list[tuple[str, bytes]], port: int) -> None:
    """As many connections as ours has, each with the next message as soon as the one before was taken."""
    left = iter(messages)

    async def converse() -> None:
        client = SMTP(hostname="127.0.0.1", port=port, local_hostname="profession.example")
        await client.connect()
        for address, message in left:
            await client.mail(SENDER)
            await client.rcpt(address)
            await client.data(message)
        await client.quit()

    await asyncio.gather(*(converse() for _ in range(AT_ONCE)))


def _used(order: Order) -> dict[str, float]:
    """Seconds of processor time of each part so far."""
    return {"service": _seconds(os.getpid()), "PostgreSQL": _seconds(order.postgres), "sink": _seconds(order.sink)}


def _seconds(root: int) -> float:
    """Of a process and its children, also of those that have ended."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            pid, parent, *times = _stat(place)
            ticks += sum(times) if pid == root else sum(times[:2]) if parent == root else 0
    return ticks / TICKS


def _stat(place: Path) -> tuple[int, ...]:
    """Id, parent, and time: of its own in user and kernel mode, and of children that have ended."""
    fields = place.read_text().rpartition(")")[2].split()
    return int(place.parent.name), int(fields[1]), *map(int, fields[11:15])


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured(Order(**json.loads(sys.argv[1]))))))
