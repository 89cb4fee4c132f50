"""A member is restricted, heard once, twice and out of order: they get what is critical and nothing else."""

from typing import Any, Final
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.erasure import MemberProcessingRestricted
from contracts.members import Grade, GradeBand, MemberGradeChanged, Role, RoleGranted
from notifications.app import MEMBERS
from notifications.testing import MailServerDouble, joins, leaves, mail_to, rows, sending
from testkit.eventually import eventually

ADA: Final = UUID("00000000-0000-4000-8000-00000000000a")
RESTRICTED: Final = MemberProcessingRestricted(member_id=ADA, restricted=True)
LIFTED: Final = MemberProcessingRestricted(member_id=ADA, restricted=False)
PROMOTED: Final = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, grade=Grade.SEO)
VOLUNTEER: Final = RoleGranted(member_id=ADA, role=Role.VOLUNTEER)


@pytest.fixture
async def ada(notifications: Database) -> Database:
    """Ada, whose welcome is gone."""
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications


async def notices(database: Database) -> list[tuple[Any, ...]]:
    found = await rows(database, "SELECT template, state, reason FROM notice ORDER BY number")
    return [tuple(row) for row in found]


async def settled(database: Database, server: MailServerDouble) -> list[tuple[Any, ...]]:
    """The notices, once the sender has looked at all that is due."""

    async def none_is_due() -> bool:
        return await rows(database, "SELECT 1 FROM notice WHERE state IN ('due', 'sending')") == []

    async with sending(database, mail_to(server)):
        await eventually(none_is_due, timeout=10)
    return await notices(database)


async def test_restrict_once_tells_the_member_and_keeps_from_them_what_is_not_critical(
    ada: Database, server: MailServerDouble
) -> None:
    await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 2), said(PROMOTED, 3), said(VOLUNTEER, 4))

    assert await settled(ada, server) == [
        ("processing-restricted", "sent", None),
        ("grade-changed", "suppressed", "restricted"),
        ("role-granted", "sent", None),
    ]
    assert len(server.handed) == 2
    [text] = await rows(ada, "SELECT text FROM notice_body JOIN notice USING (notice_id) ORDER BY number LIMIT 1")
    assert "is restricted from now on" in text[0]


async def test_restrict_once_keeps_back_what_was_gathered_for_a_digest(ada: Database, server: MailServerDouble) -> None:
    await rows(ada, f"INSERT INTO preference VALUES ('{ADA}', 'membership', 'daily', true) RETURNING 1")  # noqa: S608
    await deliver(ada, "notifications", MEMBERS, said(PROMOTED, 2))
    assert await settled(ada, server) == [("grade-changed", "gathered", None)]

    await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 3))

    assert await settled(ada, server) == [
        ("grade-changed", "suppressed", "restricted"),
        ("processing-restricted", "sent", None),
    ]


async def test_restrict_once_more_as_lifted_lets_everything_come_again(ada: Database, server: MailServerDouble) -> None:
    await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 2), said(LIFTED, 3), said(PROMOTED, 4))

    assert await settled(ada, server) == [
        ("processing-restricted", "sent", None),
        ("processing-restricted", "sent", None),
        ("grade-changed", "sent", None),
    ]


async def test_restrict_twice_tells_once(ada: Database) -> None:
    await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 2))
    again = await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert await notices(ada) == [("processing-restricted", "due", None)]


async def test_restrict_out_of_order_after_a_leaving_tells_nobody_and_marks_nobody(ada: Database) -> None:
    await leaves(ada, ADA)
    await deliver(ada, "notifications", MEMBERS, said(RESTRICTED, 3))

    assert await notices(ada) == []
    assert await rows(ada, "SELECT restricted FROM recipient") == [(False,)]
