"""Which refusals of the mail server say that nothing goes this way now, whoever it is for."""

from uuid import UUID

import pytest

from notifications.domain import WELCOME, NotStarted, Outcome
from notifications.letters import Letter
from notifications.testing import MailServerDouble, answers, hangs_up, mail_to

LETTER = Letter(
    notice_id=UUID(int=1),
    member_id=UUID(int=2),
    category=WELCOME.category,
    template=WELCOME,
    attempts=1,
    message_id="<1@profession.test>",
    name="Ada King",
    email="ada@example.org",
    front_door="https://gse.test",
)


async def outcome(server: MailServerDouble) -> Outcome:
    mail = mail_to(server)
    try:
        return await mail.converse(LETTER)
    finally:
        await mail.close()


@pytest.mark.parametrize("answer", ["451 Not now", "554 Not you"])
async def test_a_refusal_of_us_is_an_outage(server: MailServerDouble, answer: str) -> None:
    server.at_mail = answers(answer)

    its = await outcome(server)
    assert isinstance(its, NotStarted)
    assert its.is_outage


async def test_a_server_that_is_away_or_hangs_up_before_the_message_is_an_outage(server: MailServerDouble) -> None:
    server.at_rcpt = hangs_up
    hung_up = await outcome(server)
    await server.stop()
    away = await outcome(server)

    for its in (hung_up, away):
        assert isinstance(its, NotStarted)
        assert its.is_outage


async def test_a_mailbox_that_is_busy_is_none(server: MailServerDouble) -> None:
    server.at_rcpt = answers("450 Mailbox busy")

    its = await outcome(server)
    assert isinstance(its, NotStarted)
    assert not its.is_outage
