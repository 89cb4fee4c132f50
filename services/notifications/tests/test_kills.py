"""A kill, a stop or a late answer while a conversation is open: the notice says what is known, and goes out once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.mentoring import MentoringPairCreated
from notifications.app import MENTORING
from notifications.domain import Sent
from notifications.testing import (
    MailServerDouble,
    is_standing,
    joins,
    leaves,
    mail_to,
    rows,
    said_events,
    sender_to,
    sending,
    standing,
)
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
PAIRED = MentoringPairCreated(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)


LOST = ("unknown", "whoever was sending it was stopped, or answered too late")


@pytest.fixture
def in_hand(notifications: Database, server: MailServerDouble) -> Callable[[str], Coroutine[Any, Any, None]]:
    """Claims what is due and does nothing more, as a replica that is killed then."""

    async def claim(replica: str) -> None:
        async with notifications.transaction() as tx:
            assert len(await sender_to(mail_to(server), replica).rows.claim(tx, replica, 8)) == 1

    return claim


async def test_what_a_killed_replica_had_in_hand_is_unknown_once_its_claim_is_over(
    notifications: Database, server: MailServerDouble, in_hand: Callable[[str], Coroutine[Any, Any, None]]
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await in_hand("killed")

    async with sending(notifications, mail_to(server), "another"):
        await joins(notifications, BEN, "Ben", "ben@example.org")
        await eventually(is_standing(notifications, ("sending", None), ("sent", None)))
        await rows(notifications, "UPDATE notice SET claimed_until = now() WHERE state = 'sending' RETURNING 1")
        await eventually(is_standing(notifications, LOST, ("sent", None)))

    assert [its.rcpt_tos for its in server.handed] == [["ben@example.org"]]


async def test_a_replica_that_comes_back_knows_at_once_what_it_had_in_hand(
    notifications: Database, server: MailServerDouble, in_hand: Callable[[str], Coroutine[Any, Any, None]]
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await in_hand("0")

    async with sending(notifications, mail_to(server), "0"):
        await eventually(is_standing(notifications, LOST))

    assert server.handed == []


async def test_an_answer_after_the_claim_was_over_changes_nothing(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    notices = sender_to(mail_to(server)).rows
    async with notifications.transaction() as tx:
        [letter] = await notices.claim(tx, "0", 8)
        await notices.forget_lost(tx, "0", starting=True)
    async with notifications.transaction() as tx:
        await notices.settle(tx, [(letter, Sent())])

    assert await standing(notifications) == [LOST]
    assert await said_events(notifications) == []


async def test_who_leaves_while_the_server_puts_their_welcome_off_is_not_written_to_again(
    notifications: Database, server: MailServerDouble
) -> None:
    reached, may_go_on = asyncio.Event(), asyncio.Event()

    async def puts_off_slowly(_connection: SMTP) -> str:
        reached.set()
        await may_go_on.wait()
        return "451 Later"

    server.at_rcpt = puts_off_slowly
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server)):
        await reached.wait()
        await leaves(notifications, ADA)
        assert await standing(notifications) == [("sending", None)]
        may_go_on.set()
        await eventually(is_standing(notifications, ("cancelled", "the member left before it was sent")))

    assert server.handed == []


async def test_what_was_written_to_or_about_who_leaves_is_not_kept_sent_before_or_meanwhile(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None), ("sent", None)))
        reached, may_go_on = asyncio.Semaphore(0), asyncio.Event()

        async def takes_slowly(_connection: SMTP) -> str:
            reached.release()
            await may_go_on.wait()
            return "250 OK"

        server.at_data = takes_slowly
        await deliver(notifications, "notifications", MENTORING, said(PAIRED, 1))
        for _ in range(2):
            await reached.acquire()
        await leaves(notifications, ADA)
        may_go_on.set()
        await eventually(is_standing(notifications, *[("sent", None)] * 4))

    assert await rows(notifications, "SELECT template FROM notice_body JOIN notice USING (notice_id)") == [("welcome",)]
    assert await rows(notifications, "SELECT FROM notice_body WHERE text LIKE '%Ada%'") == []


async def test_a_stop_waits_for_the_conversation_that_is_open(
    notifications: Database, server: MailServerDouble
) -> None:
    reached, may_go_on = asyncio.Event(), asyncio.Event()

    async def takes_slowly(_connection: SMTP) -> str:
        reached.set()
        await may_go_on.wait()
        return "250 OK"

    server.at_data = takes_slowly
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    sender = asyncio.create_task(sender_to(mail_to(server)).run(notifications))
    await reached.wait()
    sender.cancel()
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sender

    assert await standing(notifications) == [("sent", None)]
