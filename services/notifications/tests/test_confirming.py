"""The link by which a member confirms their address: in the first mail that goes there, and kept nowhere."""

import email
from email import policy
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.members import MemberContactChanged
from notifications.app import CONTACTS, MEMBERS
from notifications.testing import MailServerDouble, is_standing, joined, joins, leaves, mail_to, rows, sending
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
ASKED = UUID("00000000-0000-4000-8000-0000000000a1")
AGAIN = UUID("00000000-0000-4000-8000-0000000000a2")
LINK = "https://gse.test/join/verify/00000000-0000-4000-8000-0000000000a1/sdxaRU1bCnT3rMPYj9IJE9EMpDMcnYZJzmaVp7QN6eY"


def contact(verification_id: UUID | None, email: str = "ada@example.org", name: str = "Ada") -> MemberContactChanged:
    return MemberContactChanged(member_id=ADA, name=name, email=email, verification_id=verification_id)


async def mailed(database: Database, server: MailServerDouble, *expected: tuple[str, str | None]) -> list[str]:
    """The texts of what goes out, once the notices stand so; as a mail program shows them."""
    mail = mail_to(server)
    async with sending(database, mail):
        await eventually(is_standing(database, *expected), timeout=10)
    messages = [email.message_from_bytes(its.original_content or b"", policy=policy.default) for its in server.handed]
    return [text.get_content() for its in messages if (text := its.get_body(("plain",))) is not None]


async def test_the_first_address_is_confirmed_from_the_welcome_and_the_link_is_kept_nowhere(
    notifications: Database, server: MailServerDouble
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(contact(ASKED), 1))
    await deliver(notifications, "notifications", MEMBERS, said(joined(ADA), 1))

    [text] = await mailed(notifications, server, ("sent", None))

    assert LINK in text
    assert "You need to do nothing" not in text
    [(kept,)] = await rows(notifications, "SELECT text FROM notice_body")
    assert kept.startswith("Dear Ada,\n\nWelcome to the Government")
    assert "/join/verify" not in kept


async def test_whom_their_organisation_brought_in_is_asked_nothing(
    notifications: Database, server: MailServerDouble
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(contact(None), 1))
    await deliver(notifications, "notifications", MEMBERS, said(joined(ADA), 1))

    [text] = await mailed(notifications, server, ("sent", None))

    assert "/join/verify" not in text
    assert "You need to do nothing" in text


async def test_a_new_address_is_confirmed_from_a_mail_to_it_and_only_the_newest_is_sent(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada", "old@example.org")
    early = said(contact(AGAIN, "wrong@example.org"), 2)
    newest = said(contact(ASKED), 3)
    await deliver(notifications, "notifications", CONTACTS, early)
    await deliver(notifications, "notifications", CONTACTS, newest, newest)

    texts = await mailed(
        notifications, server, ("sent", None), ("cancelled", "it was no longer so before it was sent"), ("sent", None)
    )

    assert [its.rcpt_tos for its in server.handed] == [["ada@example.org"]] * 2
    assert [LINK in text for text in texts] == [True, True]
    assert await rows(notifications, "SELECT template FROM notice WHERE state = 'sent' ORDER BY number") == [
        ("welcome",),
        ("confirm-address",),
    ]


@pytest.mark.parametrize(
    ("second", "stands"), [(contact(None, name="Ada King"), ASKED), (contact(None, "byron@example.org"), None)]
)
async def test_a_new_name_leaves_a_verification_as_it_is_and_a_new_address_ends_it(
    notifications: Database, second: MemberContactChanged, stands: UUID | None
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(contact(ASKED), 1), said(second, 2))

    assert await rows(notifications, "SELECT verification_id FROM recipient") == [(stands,)]
    assert await rows(notifications, "SELECT template FROM notice") == []


async def test_nothing_is_asked_of_who_left(notifications: Database) -> None:
    await joins(notifications, ADA, "Ada", "old@example.org")
    await leaves(notifications, ADA)
    await deliver(notifications, "notifications", CONTACTS, said(contact(ASKED), 2))

    assert await rows(notifications, "SELECT name, email, verification_id FROM recipient") == [(None, None, None)]
    assert await rows(notifications, "SELECT template, state FROM notice") == [("welcome", "cancelled")]
