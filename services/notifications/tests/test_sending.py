"""Real conversations with a double of the mail server: what each way of ending makes of a notice."""

import asyncio
import email
import email.policy
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from chassis.database import Database
from chassis.subscription import Subscription
from chassis.testing import Delivery, deliver, said
from contracts.base import DomainEvent
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded
from notifications.app import EVENTS, MEMBERS, MENTORING
from notifications.testing import (
    MailServerDouble,
    Step,
    answers,
    hangs_up,
    hosted,
    is_standing,
    joins,
    mail_to,
    published,
    rows,
    said_events,
    says_nothing,
    sender_to,
    sending,
    takes,
)
from testkit.eventually import eventually
from testkit.examples import erasure_requested, left

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
PAIRED = MentoringPairCreated(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)
PAIR_ENDED = MentoringPairEnded(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)


async def test_a_welcome_goes_out_once_and_is_told(notifications: Database, server: MailServerDouble) -> None:
    await joins(notifications, ADA, "Zoë Nuñez", "ada@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None)))

    [envelope] = server.handed
    message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
    [(notice_id, message_id, attempts)] = await rows(
        notifications, "SELECT notice_id, message_id, attempts FROM notice WHERE sent_at IS NOT NULL"
    )
    assert (envelope.mail_from, envelope.rcpt_tos) == ("gse@profession.test", ["ada@example.org"])
    assert message["To"].addresses[0].display_name == "Zoë Nuñez"
    assert message["Message-ID"] == message_id == f"<{notice_id}@profession.test>"
    assert attempts == 1
    [(kind, body)] = await said_events(notifications)
    assert kind == "uk.gov.gse.notifications.NotificationSent.v1"
    assert body.pop("sent_at") is not None
    assert body == {
        "notice_id": str(notice_id),
        "member_id": str(ADA),
        "category": "membership",
        "channel": "email",
    }


async def test_what_was_sent_stays_sent_when_the_service_starts_again(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None)))
    await joins(notifications, BEN, "Ben", "ben@example.org")
    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None), ("sent", None)))

    assert [its.rcpt_tos for its in server.handed] == [["ada@example.org"], ["ben@example.org"]]


async def test_many_welcomes_share_a_few_connections(notifications: Database, server: MailServerDouble) -> None:
    members = [UUID(int=number) for number in range(1, 121)]
    for member_id in members:
        await joins(notifications, member_id, "A Member", f"m{member_id.int}@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, *[("sent", None)] * 120))

    assert sorted(its.rcpt_tos[0] for its in server.handed) == sorted(f"m{its.int}@example.org" for its in members)
    assert server.connections <= 32


async def test_while_the_mail_server_is_away_a_welcome_stays_due_and_goes_out_when_it_is_back(
    notifications: Database, server: MailServerDouble
) -> None:
    await server.stop()
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("due", "the mail server could not be reached: SMTPConnectError")))
        await server.start()
        await eventually(is_standing(notifications, ("sent", None)), timeout=10)

    assert len(server.handed) == 1
    assert len(await said_events(notifications)) == 1


NOT_STARTED: dict[str, dict[str, Step]] = {
    "the mail server put the message off with code 451": {"at_rcpt": answers("451 Try later, ada@example.org")},
    "the mail server does not let us send: code 550": {"at_mail": answers("550 Who are you?")},
    "the conversation ended before the message: SMTPServerDisconnected": {"at_rcpt": hangs_up},
    "the mail server put the message off with code 452": {"at_data": answers("452 No room")},
}


@pytest.mark.parametrize("reason", NOT_STARTED)
async def test_what_the_server_certainly_does_not_have_is_due_again(
    notifications: Database, server: MailServerDouble, reason: str
) -> None:
    vars(server).update(NOT_STARTED[reason])
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("due", reason)))
        vars(server).update(at_mail=takes, at_rcpt=takes, at_data=takes)
        await eventually(is_standing(notifications, ("sent", None)), timeout=10)

    assert await rows(notifications, "SELECT attempts FROM notice") == [(2,)]


async def test_a_server_that_does_not_speak_before_the_message_costs_only_time(
    notifications: Database, server: MailServerDouble
) -> None:
    server.at_rcpt = says_nothing
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server, seconds=0.2)):
        await eventually(is_standing(notifications, ("due", "the conversation ended before the message: TimeoutError")))


async def test_what_is_due_is_sent_at_once_when_the_sender_is_woken(
    notifications: Database, server: MailServerDouble
) -> None:
    sender = sender_to(mail_to(server))
    sender.seconds = 3600
    task = asyncio.create_task(sender.run(notifications))
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    sender.wake()
    await eventually(is_standing(notifications, ("sent", None)))

    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("step", ["at_rcpt", "at_data"])
async def test_a_refusal_for_good_is_not_tried_again_and_its_reason_holds_no_address(
    notifications: Database, server: MailServerDouble, step: str
) -> None:
    setattr(server, step, answers("550 No mailbox ada@example.org here"))
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("failed", "the mail server refused the message with code 550")))

    [(kind, body)] = await said_events(notifications)
    assert kind == "uk.gov.gse.notifications.NotificationFailed.v1"
    assert (body["member_id"], body["category"], body["channel"]) == (str(ADA), "membership", "email")


async def test_what_is_no_address_is_refused_before_any_conversation(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org\r\nRCPT TO:<victim@example.org>")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("failed", "the member's address is no e-mail address")))

    assert server.connections == 0


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (hangs_up, "no answer to the message: SMTPServerDisconnected"),
        (says_nothing, "no answer to the message: TimeoutError"),
        (answers("299 Hm"), "the mail server answered 299 to the message"),
    ],
)
async def test_a_message_without_an_answer_is_unknown_and_is_not_sent_again(
    notifications: Database, server: MailServerDouble, step: Step, reason: str
) -> None:
    server.at_data = step
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async with sending(notifications, mail_to(server, seconds=0.5)):
        await eventually(is_standing(notifications, ("unknown", reason)))
        server.at_data = takes
        await joins(notifications, BEN, "Ben", "ben@example.org")
        await eventually(is_standing(notifications, ("unknown", reason), ("sent", None)))

    assert [its.rcpt_tos for its in server.handed] == [["ada@example.org"], ["ben@example.org"]]
    assert len(await said_events(notifications)) == 1


async def test_an_address_beyond_ascii_is_written_to_as_it_is(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Zoë", "zoë@example.org")

    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None)))

    assert server.handed[0].rcpt_tos == ["zoë@example.org"]


@pytest.mark.parametrize(
    ("stream", "going", "reason"),
    [
        (MEMBERS, left(BEN), "the member left before it was sent"),
        (MEMBERS, erasure_requested(BEN), "the member left before it was sent"),
        (MENTORING, PAIR_ENDED, "the pair ended before it was sent"),
    ],
    ids=["left", "erased", "pair ended"],
)
async def test_an_introduction_to_who_went_while_it_was_being_sent_is_not_tried_again(
    notifications: Database, server: MailServerDouble, stream: Subscription, going: DomainEvent, reason: str
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben", "ben@example.org")
    await put_off(notifications, server, (MENTORING, said(PAIRED, 1)), (stream, said(going, 2)))

    assert await rows(
        notifications, "SELECT state, reason FROM notice WHERE member_id = $1 AND template = 'introduction'", ADA
    ) == [("cancelled", reason)]


async def test_an_invitation_to_what_took_place_while_it_was_being_sent_is_not_tried_again(
    notifications: Database, server: MailServerDouble
) -> None:
    notifications.clock = lambda: published().starts_at
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await put_off(notifications, server, (EVENTS, said(published(), 1)), (EVENTS, said(hosted(), 2)))

    assert await rows(notifications, "SELECT template, state, reason FROM notice") == [
        ("invitation", "cancelled", "the event took place before it was sent")
    ]


async def put_off(
    database: Database,
    server: MailServerDouble,
    first: tuple[Subscription, Delivery],
    then: tuple[Subscription, Delivery],
) -> None:
    """What `first` has written is put off by the mail server, which waits with that until `then` is heard."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM notice")
    asked, gone = asyncio.Event(), asyncio.Event()

    async def busy_until_it_is_heard(_connection: SMTP) -> str:
        asked.set()
        await gone.wait()
        return "451 Try again"

    server.at_mail = busy_until_it_is_heard
    await deliver(database, "notifications", *first)
    async with sending(database, mail_to(server)):
        await asked.wait()
        await deliver(database, "notifications", *then)
        gone.set()
        await eventually(lambda: _settled(database))
    assert server.handed == []


async def _settled(notifications: Database) -> bool:
    unsettled = "SELECT FROM notice WHERE state IN ('waiting', 'due', 'sending') AND template <> 'pair-ended'"
    return await rows(notifications, unsettled) == []
