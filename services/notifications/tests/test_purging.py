"""Words are kept for seven days of the business clock, notices for a year, and not a moment less."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from chassis.database import Database
from notifications.purging import purging
from notifications.settings import Settings
from notifications.testing import MailServerDouble, is_standing, joins, mail_to, rows, sending
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
SENT_AT = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)
purge = purging(7, 365)


@pytest.fixture
async def sent(notifications: Database, server: MailServerDouble) -> Database:
    """Ada's welcome went out at that instant."""
    notifications.clock = lambda: SENT_AT
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with sending(notifications, mail_to(server)):
        await eventually(is_standing(notifications, ("sent", None)))
    return notifications


async def kept(database: Database) -> tuple[int, ...]:
    """Bodies, notices and occasions."""
    counted = (
        "SELECT (SELECT count(*) FROM notice_body), (SELECT count(*) FROM notice), (SELECT count(*) FROM occasion)"
    )
    [its] = await rows(database, counted)
    return its


async def test_words_go_after_seven_days_and_the_notice_after_a_year(sent: Database) -> None:
    for age, left in (
        (timedelta(days=7) - A_MOMENT, (1, 1, 1)),
        (timedelta(days=7), (0, 1, 1)),
        (timedelta(days=365) - A_MOMENT, (0, 1, 1)),
        (timedelta(days=365), (0, 0, 0)),
    ):
        sent.clock = partial(max, SENT_AT, SENT_AT + age)
        while await purge(sent):
            pass
        assert await kept(sent) == left


async def test_what_is_not_at_its_end_is_kept_whatever_its_age(notifications: Database) -> None:
    notifications.clock = lambda: SENT_AT
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    notifications.clock = lambda: SENT_AT + timedelta(days=3650)

    assert await purge(notifications) == 0
    assert await kept(notifications) == (0, 1, 1)


async def test_two_replicas_purge_everything_once(sent: Database) -> None:
    await rows(
        sent,
        """
        WITH made AS (
            INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
                due_at, wanted_at, sent_at)
            SELECT gen_random_uuid(), $1, gen_random_uuid(), 'membership', 'welcome', 1, 'sent', $2, $2, $2, $2
            FROM generate_series(1, 2500) RETURNING notice_id
        )
        INSERT INTO notice_body (notice_id, text, kept_from) SELECT notice_id, 'words', $2 FROM made RETURNING 1""",
        ADA,
        SENT_AT,
    )
    sent.clock = lambda: SENT_AT + timedelta(days=366)

    async def replica(take: Callable[[Database], Awaitable[int]]) -> int:
        gone = 0
        while its := await take(sent):
            gone += its
        return gone

    # 2,501 bodies, 2,501 notices and one occasion.
    assert sum(await asyncio.gather(replica(purge), replica(purge))) == 5003
    assert await kept(sent) == (0, 0, 0)


def test_the_defaults_are_seven_days_and_a_year() -> None:
    fields = Settings.model_fields
    assert (fields["body_days"].default, fields["notice_days"].default) == (7, 365)
