"""Whether mail comes and when: choices and hours, on a real database with the double of the mail server."""

import email
import email.policy
from datetime import UTC, datetime, time
from uuid import UUID

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.members import RoleGranted
from contracts.notifications import NoticeCategory
from notifications import choosing
from notifications.app import MEMBERS
from notifications.deciding import Choice, Frequency, Hours
from notifications.preferences import Preferences
from notifications.testing import (
    BusinessClock,
    MailServerDouble,
    chooses,
    mail_to,
    notices_are,
    publishes,
    rows,
    said_events,
    sending,
    talk,
)
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
NEVER = Choice(Frequency.NEVER)


async def test_no_mail_of_a_kind_is_the_inbox_alone_and_neither_is_nothing(
    ada: Database, server: MailServerDouble
) -> None:
    await chooses(ada, ADA, NEVER, None, NoticeCategory.EVENTS)
    await publishes(ada, talk(1))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "sent")))
        await chooses(ada, ADA, Choice(Frequency.NEVER, inbox=False), None, NoticeCategory.EVENTS)
        await publishes(ada, talk(2))
        await eventually(notices_are(ada, ("invitation", "sent"), ("invitation", "suppressed")))

    assert server.handed == []
    assert [(kind.split(".")[-2], its.get("channel"), its.get("reason")) for kind, its in await said_events(ada)] == [
        ("NotificationSent", "inbox", None),
        ("NotificationSuppressed", None, "preference"),
    ]


async def test_a_critical_notice_comes_whatever_they_prefer_and_cannot_be_stopped(
    ada: Database, server: MailServerDouble
) -> None:
    await chooses(ada, ADA, Choice(Frequency.NEVER, inbox=False), Hours("Europe/London", time(1), time(2)))
    granted = RoleGranted(member_id=ADA, role="volunteer")
    await deliver(ada, "notifications", MEMBERS, said(granted, 2))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("role-granted", "sent")))

    message = email.message_from_bytes(server.handed[0].original_content or b"", policy=email.policy.default)
    assert (message["Subject"], message["List-Unsubscribe"]) == ("You have a new role in the profession", None)


async def test_quiet_hours_put_mail_off_until_the_morning(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    clock.now = datetime(2027, 1, 13, 22, 0, tzinfo=UTC)
    await chooses(ada, ADA, Choice(), Hours("Europe/London", time(7), time(20)))
    await publishes(ada, talk(1))

    async def is_put_off() -> bool:
        return await rows(ada, "SELECT state, due_at FROM notice") == [("due", datetime(2027, 1, 14, 7, 0, tzinfo=UTC))]

    async with sending(ada, mail_to(server)):
        await eventually(is_put_off)
        assert server.handed == []
        clock.now = datetime(2027, 1, 14, 7, 0, tzinfo=UTC)
        await eventually(notices_are(ada, ("invitation", "sent")))
    assert await rows(ada, "SELECT wanted_at FROM notice") == [(datetime(2027, 1, 14, 7, 0, tzinfo=UTC),)]


async def test_who_ends_their_quiet_hours_gets_what_waited_for_the_morning(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    clock.now = datetime(2027, 1, 13, 22, 0, tzinfo=UTC)
    await chooses(ada, ADA, Choice(), Hours("Europe/London", time(7), time(20)))
    await publishes(ada, talk(1))

    async def is_put_off() -> bool:
        return await rows(ada, "SELECT state, reason FROM notice") == [("due", "outside-hours")]

    async with sending(ada, mail_to(server)):
        await eventually(is_put_off)
        async with ada.transaction() as tx:
            await choosing.choose(tx, ADA, Preferences({}, Hours()))
        await eventually(notices_are(ada, ("invitation", "sent")))
    assert await rows(ada, "SELECT reason, wanted_at FROM notice") == [(None, clock.now)]
