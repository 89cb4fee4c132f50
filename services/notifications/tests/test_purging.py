"""How long what was written is kept: to the moment, by each replica a part, and of an erased member nothing."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.events import AttendeeRegistered
from contracts.members import Role, RoleGranted
from contracts.mentoring import MentoringPairCreated
from contracts.notifications import NoticeCategory
from notifications import choosing_store, digests, purging
from notifications.app import EVENTS, MEMBERS, MENTORING
from notifications.deciding import Choice, Frequency, Hours
from notifications.testing import TALK, MailServerDouble, joins, mail_to, published, rows, sending
from testkit.eventually import eventually
from testkit.examples import erasure_requested

ADA, BEN = UUID(int=0xA), UUID(int=0xB)
NOW: Final = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
A_MOMENT: Final = timedelta(microseconds=1)
BODIES, NOTICES = timedelta(days=7), timedelta(days=365)
OF_THE_CHASSIS: Final = {"outbox", "progress", "subject_counter"}
"""What was said of bare ids, and up to which number each was heard."""
purge = purging.purging(7, 365)


def at(database: Database, now: datetime) -> Database:
    database.clock = lambda: now
    return database


async def count(database: Database, table: str) -> int:
    [(number,)] = await rows(database, f"SELECT count(*) FROM {table}")  # noqa: S608 (our own name)
    found: int = number
    return found


@pytest.fixture
async def told(notifications: Database, server: MailServerDouble) -> Database:
    """Ada has been welcomed, at `NOW`."""
    at(notifications, NOW)
    await joins(notifications, ADA, "Ada King", "ada@example.org")

    async def is_told() -> bool:
        return await count(notifications, "notice_body") == 1

    async with sending(notifications, mail_to(server)):
        await eventually(is_told)
    return notifications


async def test_words_go_after_seven_days_of_the_business_clock_and_no_moment_before(told: Database) -> None:
    assert await purge(at(told, NOW + BODIES - A_MOMENT)) == 0
    assert await count(told, "notice_body") == 1

    assert await purge(at(told, NOW + BODIES)) == 1
    assert (await count(told, "notice_body"), await count(told, "notice")) == (0, 1)


async def test_a_notice_and_its_event_go_after_a_year_of_the_business_clock_and_no_moment_before(
    told: Database,
) -> None:
    assert await purge(at(told, NOW + NOTICES - A_MOMENT)) == 1  # the words
    assert (await count(told, "notice"), await count(told, "occasion")) == (1, 1)

    assert await purge(at(told, NOW + NOTICES)) == 2
    assert (await count(told, "notice"), await count(told, "occasion")) == (0, 0)


async def test_who_was_in_a_group_that_ended_goes_after_thirty_days_and_no_moment_before(told: Database) -> None:
    for statement in (
        "INSERT INTO volunteer_group VALUES ($1) RETURNING 1",
        "INSERT INTO was_in_group VALUES ($1, $1, $1, '2027-01-13T10:00Z') RETURNING 1",
    ):
        await rows(told, statement, ADA)
    thirty = timedelta(days=30)

    await purge(at(told, NOW + thirty - A_MOMENT))
    assert await count(told, "was_in_group") == 1

    assert (await purge(at(told, NOW + thirty)), await count(told, "was_in_group")) == (1, 0)


async def test_the_settings_say_how_long(told: Database) -> None:
    its = purging.purging(1, 2)

    assert await its(at(told, NOW + timedelta(days=1))) == 1
    assert await its(at(told, NOW + timedelta(days=2))) == 2


async def test_what_was_told_again_keeps_its_newest_words_for_seven_days(
    told: Database, server: MailServerDouble
) -> None:
    later = NOW + timedelta(days=5)
    at(told, later)
    await rows(
        told, "UPDATE notice SET state = 'due', due_at = $1, redeliveries = 1, sent_at = NULL RETURNING 1", later
    )

    async def is_told() -> bool:
        return await rows(told, "SELECT kept_from FROM notice_body") == [(later,)]

    async with sending(told, mail_to(server)):
        await eventually(is_told)

    assert await purge(at(told, NOW + BODIES)) == 0
    assert await purge(at(told, later + BODIES)) == 1


@pytest.mark.parametrize("state", ["waiting", "due", "gathered", "sending"])
async def test_what_has_not_ended_is_kept_however_old_it_is(told: Database, state: str) -> None:
    await rows(
        told,
        """
        UPDATE notice SET state = $1, sent_at = NULL, claimed_by = CASE WHEN $1 = 'sending' THEN '0' END,
            claimed_until = CASE WHEN $1 = 'sending' THEN clock_timestamp() END
        RETURNING 1""",
        state,
    )

    await purge(at(told, NOW + 3 * NOTICES))

    assert (await count(told, "notice"), await count(told, "occasion")) == (1, 1)


@pytest.mark.parametrize("state", ["failed", "unknown", "suppressed", "cancelled"])
async def test_whatever_has_ended_goes(told: Database, state: str) -> None:
    await rows(told, "UPDATE notice SET state = $1, sent_at = NULL RETURNING 1", state)

    await purge(at(told, NOW + NOTICES))

    assert await count(told, "notice") == 0


async def test_a_digest_goes_after_what_it_held(notifications: Database, server: MailServerDouble) -> None:
    at(notifications, NOW)
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with notifications.transaction() as tx:
        await choosing_store.save(tx, ADA, dict.fromkeys(NoticeCategory, Choice(Frequency.DAILY)), None)
    await deliver(notifications, "notifications", EVENTS, said(published(), 1))
    async with sending(notifications, mail_to(server)):

        async def are_gathered() -> bool:
            return await rows(notifications, "SELECT 1 FROM notice WHERE state = 'gathered'") == [(1,), (1,)]

        await eventually(are_gathered)
        at(notifications, NOW + timedelta(days=1))
        assert await digests.make(notifications) == 1

        async def are_sent() -> bool:
            return await rows(notifications, "SELECT 1 FROM notice WHERE state = 'sent'") == [(1,)] * 3

        await eventually(are_sent)

    at(notifications, NOW + 2 * NOTICES)
    while await purge(notifications):
        pass

    assert await count(notifications, "notice") == 0


async def test_two_replicas_delete_in_batches_and_each_row_once(notifications: Database) -> None:
    at(notifications, NOW)
    many = 2 * purging.AT_ONCE + 500
    await rows(
        notifications,
        """
        INSERT INTO recipient (member_id, state) SELECT gen_random_uuid(), 'known' FROM generate_series(1, $1)
        RETURNING 1""",
        many,
    )
    await rows(
        notifications,
        """
        INSERT INTO occasion (event_id, type, subject, facts, heard_at)
        SELECT member_id, 'MemberJoined', member_id, '{}', $1 FROM recipient RETURNING 1""",
        NOW,
    )
    await rows(
        notifications,
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
            due_at, wanted_at, sent_at)
        SELECT member_id, member_id, member_id, 'membership', 'welcome', 2, 'sent', $1, $1, $1, $1 FROM recipient
        RETURNING 1""",
        NOW,
    )
    await rows(
        notifications,
        "INSERT INTO notice_body SELECT notice_id, 'Dear Ada', created_at FROM notice RETURNING 1",
    )
    at(notifications, NOW + NOTICES)
    steps: list[int] = []

    async def replica() -> int:
        deleted = 0
        while its := await purge(notifications):
            steps.append(its)
            deleted += its
        return deleted

    first, second = await asyncio.gather(replica(), replica())

    assert [await count(notifications, table) for table in ("notice_body", "notice", "occasion")] == [0, 0, 0]
    assert first + second == 3 * many
    assert max(steps) <= 3 * purging.AT_ONCE


async def test_of_an_erased_member_no_table_holds_anything_but_the_bare_id(
    told: Database, server: MailServerDouble
) -> None:
    await joins(told, BEN, "Ben Okri", "ben@example.org")
    async with told.transaction() as tx:
        hours = Hours("Asia/Tokyo", time(9), time(17))
        await choosing_store.save(tx, ADA, {NoticeCategory.EVENTS: Choice(Frequency.DAILY)}, hours)
    pair = MentoringPairCreated(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)
    await deliver(told, "notifications", MENTORING, said(pair, 1))
    place = AttendeeRegistered(registration_id=UUID(int=2), hosted_event_id=TALK, member_id=ADA)
    await deliver(told, "notifications", EVENTS, said(published(), 1), said(place, 1))
    await deliver(
        told, "notifications", MEMBERS, said(RoleGranted(member_id=ADA, role=Role.TEAM, organisation=None), 2)
    )

    async def all_told() -> bool:
        unsettled = "SELECT 1 FROM notice WHERE state IN ('waiting', 'due', 'sending') AND due_at <= $1"
        return await rows(told, unsettled, NOW) == []

    async with sending(told, mail_to(server)):
        await eventually(all_told)
    [(token,)] = await rows(told, "SELECT unsubscribe_token::text FROM recipient WHERE member_id = $1", ADA)
    traces = {str(ADA): "id", "Ada King": "name", "ada@example.org": "address", token: "token", "Asia/Tokyo": "zone"}
    before = await where(told, traces)
    assert {trace for found in before.values() for trace in found} == set(traces.values())

    await deliver(told, "notifications", MEMBERS, said(erasure_requested(ADA), 3))

    found = await where(told, traces)
    assert found.pop("erased_member") == {"id"}
    assert {table for table in found if not table.startswith("event_log")} <= OF_THE_CHASSIS
    assert all(its == {"id"} for its in found.values())


async def where(database: Database, traces: dict[str, str]) -> dict[str, set[str]]:
    """Which tables hold which of these anywhere in a row."""
    tables = await rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found: dict[str, set[str]] = {}
    for (table,) in tables:
        for text, trace in traces.items():
            its = await rows(database, f'SELECT 1 FROM "{table}" AS its WHERE strpos(its::text, $1) > 0 LIMIT 1', text)  # noqa: S608
            if its:
                found.setdefault(table, set()).add(trace)
    return found
