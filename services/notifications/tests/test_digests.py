"""Digests, hours and what an outage piles up, on a real database with the sender and the double of the mail server."""

import asyncio
import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.events import AttendeeRegistered
from contracts.members import Grade, GradeBand, MemberTransferred
from contracts.mentoring import MentoringSchemeOpened
from notifications import digests
from notifications.app import EVENTS, MEMBERS, MENTORING
from notifications.deciding import Choice, Frequency, Hours
from notifications.testing import (
    TALK,
    BusinessClock,
    MailServerDouble,
    chooses,
    hosted,
    joins,
    leaves,
    mail_to,
    notices,
    notices_are,
    published,
    publishes,
    rows,
    said_events,
    sending,
    talk,
)
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
WEDNESDAY = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
MORNING = datetime(2027, 1, 14, 8, 0, tzinfo=UTC)
MOVED = MemberTransferred(member_id=ADA, organisation="DEFRA", grade_band=GradeBand.HEO_SEO, grade=Grade.HEO)
SCHEME = MentoringSchemeOpened(
    scheme_id=UUID(int=1),
    opened_on=date(2027, 1, 13),
    title="GSE Connect",
    summary="A pilot.",
    link="https://gse.example/connect",
)
DAILY, WEEKLY, NEVER = Choice(Frequency.DAILY), Choice(Frequency.WEEKLY), Choice(Frequency.NEVER)


async def an_invitation_is_gathered(
    database: Database, server: MailServerDouble, choice: Choice, hours: Hours | None = None
) -> None:
    """For the next digest of Ada, who wants everything in one."""
    await chooses(database, ADA, choice, hours)
    await publishes(database, talk(1))
    async with sending(database, mail_to(server)):
        await eventually(notices_are(database, ("invitation", "gathered")))


def text_of(server: MailServerDouble, place: int = 0) -> tuple[EmailMessage, str]:
    message = email.message_from_bytes(server.handed[place].original_content or b"", policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return message, str(body.get_content())


async def test_a_daily_digest_holds_what_was_gathered_since_in_one_message(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await chooses(ada, ADA, DAILY)
    await publishes(ada, talk(1), talk(2))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "gathered"), ("invitation", "gathered")))
        assert await digests.make(ada) == 0
        clock.now = MORNING
        assert await digests.make(ada) == 1
        await eventually(notices_are(ada, ("invitation", "sent"), ("invitation", "sent"), ("digest", "sent")))

    assert await digests.make(ada) == 0
    message, text = text_of(server)
    notices = await rows(ada, "SELECT notice_id FROM notice WHERE template = 'invitation' ORDER BY number")
    assert message["Subject"] == "What is new for you in the profession"
    assert [text.count(f"https://gse.test/notifications/inbox/{notice_id}") for (notice_id,) in notices] == [1, 1]
    assert len(server.handed) == 1
    told = await said_events(ada)
    assert [(kind.split(".")[-2], its["category"], its["channel"]) for kind, its in told] == [
        ("NotificationSent", "events", "email"),
        ("NotificationSent", "events", "email"),
    ]
    assert sorted(its["notice_id"] for _, its in told) == sorted(str(notice_id) for (notice_id,) in notices)
    assert await rows(ada, "SELECT count(*) FROM notice_body") == [(2,)]


async def test_a_digest_tells_of_all_services_by_what_it_is_about(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await chooses(ada, ADA, DAILY)
    await deliver(ada, "notifications", MEMBERS, said(MOVED, 2))
    await deliver(ada, "notifications", MENTORING, said(SCHEME, 1))
    await publishes(ada, talk(1))
    async with sending(ada, mail_to(server)):
        await eventually(lambda: is_gathered_for(ada, ADA, 3))
        clock.now = MORNING
        await digests.make(ada)
        await eventually(lambda: nothing_is_under_way(ada))

    _, text = text_of(server)
    lines = [line for line in text.splitlines() if line]
    assert [line for line in lines if line in {"Your membership", "Mentoring", "Events"} or line.startswith("- ")] == [
        "Your membership",
        "- Your organisation in the profession has changed",
        "Mentoring",
        "- A mentoring scheme is open: GSE Connect",
        "Events",
        "- You are invited to an event of the profession: Women & girls in science",
    ]


async def test_a_weekly_digest_comes_on_monday_morning_of_their_own_clock(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await an_invitation_is_gathered(ada, server, WEEKLY, Hours("Australia/Canberra"))
    assert await rows(ada, "SELECT due_at FROM notice") == [(datetime(2027, 1, 17, 21, 0, tzinfo=UTC),)]

    clock.now = datetime(2027, 1, 17, 21, 0, tzinfo=UTC) - timedelta(seconds=1)
    assert await digests.make(ada) == 0
    clock.now = datetime(2027, 1, 17, 21, 0, tzinfo=UTC)
    assert await digests.make(ada) == 1


async def test_two_replicas_make_each_digest_once(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    members = [uuid4() for _ in range(40)]
    for place, member_id in enumerate(members):
        await joins(ada, member_id, f"Member {place}", f"m{place}@example.org")
        await chooses(ada, member_id, DAILY)
    await publishes(ada, talk(1), talk(2))
    await rows(ada, "DELETE FROM notice WHERE template = 'welcome' OR member_id = $1 RETURNING 1", ADA)

    async def is_gathered() -> bool:
        return await rows(ada, "SELECT count(*) FROM notice WHERE state = 'gathered'") == [(80,)]

    async with sending(ada, mail_to(server)), sending(ada, mail_to(server), "1"):
        await eventually(is_gathered)
    clock.now = MORNING

    async def replica() -> int:
        made = 0
        while its := await digests.make(ada):
            made += its
        return made

    await asyncio.gather(*(replica() for _ in range(4)))

    counted = "SELECT count(*), count(DISTINCT digest_id) FROM notice WHERE template = 'invitation' GROUP BY member_id"
    assert await rows(ada, counted) == [(2, 1)] * 40


async def test_mornings_that_were_missed_come_in_one_digest_without_what_is_over(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await chooses(ada, ADA, DAILY)
    await publishes(ada, talk(1))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "gathered")))
        clock.now = MORNING + timedelta(hours=1)
        await publishes(ada, talk(2))
        await eventually(notices_are(ada, ("invitation", "gathered"), ("invitation", "gathered")))
        await rows(ada, "UPDATE notice SET useful_until = $2 WHERE hosted_event_id = $1 RETURNING 1", talk(1), MORNING)
        clock.now = MORNING + timedelta(days=3)
        assert await digests.make(ada) == 1
        await eventually(notices_are(ada, ("invitation", "suppressed"), ("invitation", "sent"), ("digest", "sent")))

    assert [kind.split(".")[-2] for kind, _ in await said_events(ada)] == ["NotificationSuppressed", "NotificationSent"]
    assert len(server.handed) == 1


async def test_a_digest_that_is_put_off_goes_out_later_with_all_that_it_held(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await an_invitation_is_gathered(ada, server, DAILY)
    await server.stop()
    clock.now = MORNING
    await digests.make(ada)
    async with sending(ada, mail_to(server)):
        await eventually(lambda: is_tried_again(ada))
        assert await notices(ada) == [("invitation", "gathered"), ("digest", "due")]
        await server.start()
        clock.now = MORNING + timedelta(minutes=20)
        await eventually(notices_are(ada, ("invitation", "sent"), ("digest", "sent")))
    assert len(server.handed) == 1


async def is_tried_again(database: Database) -> bool:
    found = await rows(database, "SELECT state, attempts > 0 FROM notice WHERE template = 'digest'")
    return found == [("due", True)]


async def test_who_leaves_before_the_morning_gets_no_digest(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await an_invitation_is_gathered(ada, server, DAILY)
    await leaves(ada, ADA)
    clock.now = MORNING

    assert await digests.make(ada) == 0
    assert await notices(ada) == [("invitation", "cancelled")]
    assert await rows(ada, "SELECT FROM preference") == []


async def test_a_digest_of_which_nothing_is_left_is_not_sent(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await an_invitation_is_gathered(ada, server, DAILY)
    clock.now = MORNING
    await digests.make(ada)
    await deliver(ada, "notifications", EVENTS, said(hosted(talk(1)), 2))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "cancelled"), ("digest", "cancelled")))
    assert server.handed == []


async def test_what_an_outage_of_a_day_piled_up_for_a_person_comes_in_one_message(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    await joins(ada, BEN, "Ben", "ben@example.org")
    await rows(ada, "DELETE FROM notice RETURNING 1")
    await publishes(ada, talk(1), talk(2), talk(3))
    await rows(ada, "DELETE FROM notice WHERE member_id = $1 AND hosted_event_id <> $2 RETURNING 1", BEN, talk(1))
    clock.now = WEDNESDAY + timedelta(days=1)
    async with sending(ada, mail_to(server)):
        await eventually(lambda: is_gathered_for(ada, ADA, 3))
        assert await digests.make(ada) == 1
        await eventually(lambda: nothing_is_under_way(ada))

    by_address = sorted((envelope.rcpt_tos[0], place) for place, envelope in enumerate(server.handed))
    assert [address for address, _ in by_address] == ["ada@example.org", "ben@example.org"]
    message, text = text_of(server, by_address[0][1])
    assert message["Subject"] == "What is new for you in the profession"
    assert text.count("https://gse.test/notifications/inbox/") == 3
    # Nobody wanted it later: it is as late as the outage made it.
    told = "SELECT DISTINCT wanted_at, sent_at FROM notice WHERE template = 'invitation'"
    assert await rows(ada, told) == [(WEDNESDAY, WEDNESDAY + timedelta(days=1))]


async def is_gathered_for(database: Database, member_id: UUID, count: int) -> bool:
    counted = "SELECT count(*) FROM notice WHERE member_id = $1 AND state = 'gathered'"
    return await rows(database, counted, member_id) == [(count,)]


async def nothing_is_under_way(database: Database) -> bool:
    return await rows(database, "SELECT FROM notice WHERE state <> 'sent'") == []


async def test_a_reminder_comes_at_nine_of_the_day_before_once_with_two_replicas(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    place = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=TALK, member_id=ADA)
    await deliver(ada, "notifications", EVENTS, said(published(), 1), said(place, 1))
    async with sending(ada, mail_to(server)), sending(ada, mail_to(server), "1"):
        await eventually(notices_are(ada, ("invitation", "sent"), ("confirmation", "sent"), ("reminder", "due")))
        clock.now = datetime(2027, 2, 10, 9, 0, tzinfo=UTC) - timedelta(seconds=1)
        await publishes(ada, talk(2))
        sent = ("invitation", "sent")
        await eventually(notices_are(ada, sent, ("confirmation", "sent"), ("reminder", "due"), sent))
        clock.now = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
        await eventually(notices_are(ada, sent, ("confirmation", "sent"), ("reminder", "sent"), sent))

    assert len(server.handed) == 4


async def test_a_reminder_that_comes_after_the_event_began_is_not_sent(
    ada: Database, server: MailServerDouble, clock: BusinessClock
) -> None:
    place = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=TALK, member_id=ADA)
    await deliver(ada, "notifications", EVENTS, said(published(), 1), said(place, 1))
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "sent"), ("confirmation", "sent"), ("reminder", "due")))
    clock.now = published().starts_at
    async with sending(ada, mail_to(server)):
        await eventually(notices_are(ada, ("invitation", "sent"), ("confirmation", "sent"), ("reminder", "suppressed")))
    assert len(server.handed) == 2
