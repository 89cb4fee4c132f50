"""Unsubscribing with one request, as a mail program asks for it that has read the headers of a real mail (RFC 8058)."""

import email
import email.policy
import logging
import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis import testing
from chassis.database import Database
from chassis.testing import deliver, said, what_was_said
from contracts.members import Role, RoleGranted
from contracts.notifications import NoticeCategory
from notifications import choosing, choosing_store
from notifications.app import EVENTS, MEMBERS
from notifications.deciding import Choice, Frequency, Hours
from notifications.preferences import Preferences
from notifications.testing import MailServerDouble, joins, leaves, published, rows, says_nothing
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
FIRST, SECOND = UUID(int=0xE1), UUID(int=0xE2)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
Mailed = Callable[[str], Awaitable[EmailMessage]]


@pytest.fixture
async def ada(running: FastAPI) -> Database:
    database: Database = running.state.running.database
    await joins(database, ADA, "Ada King", "ada@example.org")
    return database


@pytest.fixture
def mailed(server: MailServerDouble) -> Mailed:
    """The mail with this subject, once it has come."""

    async def mailed(subject: str) -> EmailMessage:
        async def found() -> EmailMessage | None:
            contents = [its.original_content or b"" for its in server.handed]
            each = (email.message_from_bytes(its, policy=email.policy.default) for its in contents)
            return next((its for its in each if its["Subject"] == subject), None)

        message: EmailMessage | None = await eventually(found)
        assert message is not None
        return message

    return mailed


async def publishes(database: Database, hosted_event_id: UUID) -> None:
    await deliver(database, "notifications", EVENTS, said(published(hosted_event_id), 1))


def address_in(message: EmailMessage) -> str:
    """The path of the link by which mail of this kind is stopped, as a mail program finds it."""
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<(https://gse\.test/[^>]+)>", message["List-Unsubscribe"])
    assert found
    return urlsplit(found[1]).path


async def address(database: Database, category: str = "events") -> str:
    [(token,)] = await rows(database, "SELECT unsubscribe_token FROM recipient WHERE member_id = $1", ADA)
    return f"/notifications/unsubscribe/{token}/{category}"


AT_FIRST = ["immediate", "immediate", "immediate", "weekly", "immediate"]


async def emails(database: Database) -> list[str]:
    """What is chosen, in the order of the categories."""
    async with database.transaction() as tx:
        return [its.email for its in (await choosing_store.choices_of(tx, ADA)).values()]


async def changes(database: Database) -> list[Any]:
    return [body for kind, body in await what_was_said(database, ADA) if kind == "MemberPreferencesChanged"]


def words(answer: Response) -> str:
    return " ".join(re.sub("<[^>]+>", " ", answer.text.partition("<main")[2]).split())


async def test_a_mail_program_stops_mail_of_a_kind_and_the_next_one_stands_in_the_inbox_alone(
    client: AsyncClient, ada: Database, mailed: Mailed, server: MailServerDouble
) -> None:
    await publishes(ada, FIRST)
    path = address_in(await mailed("You are invited to an event of the profession"))

    answer = await client.post(path, data=ONE_CLICK)

    assert answer.status_code == 200
    assert "We have stopped emails about events" in words(answer)
    assert 'href="/notifications/preferences"' in answer.text
    await publishes(ada, SECOND)
    await deliver(ada, "notifications", MEMBERS, said(RoleGranted(member_id=ADA, role=Role.VOLUNTEER), 2))
    critical = await mailed("You have a new role in the profession")
    assert (critical["List-Unsubscribe"], critical["List-Unsubscribe-Post"]) == (None, None)

    async def is_told() -> bool:
        told = "SELECT state, channel, in_inbox FROM notice WHERE hosted_event_id = $1"
        return await rows(ada, told, SECOND) == [("sent", "inbox", True)]

    await eventually(is_told)
    assert len(server.handed) == 3  # with the welcome
    assert await changes(ada) == [{"member_id": str(ADA)}]


async def test_looking_at_the_page_changes_nothing_and_tells_nobody_its_address(
    client: AsyncClient, ada: Database
) -> None:
    path = await address(ada)
    answer = await client.get(path, headers={"accept": "text/html"})

    page = words(answer)
    assert answer.status_code == 200
    assert "Stop emails about events We will no longer email you about events. You can still" in page
    assert "What is about your account or your rights still comes by email: Confirm your email address" in page
    assert "You have a new role in the profession" in page
    assert answer.headers["referrer-policy"] == "strict-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert path.split("/")[3] not in answer.text
    assert await emails(ada) == AT_FIRST
    assert await changes(ada) == []


async def test_the_pages_own_button_asks_the_same(client: AsyncClient, ada: Database) -> None:
    path = await address(ada)
    page = await client.get(path)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', page.text))

    answer = await client.post(path, data=form, headers={"origin": "https://gse.test", "sec-fetch-site": "same-origin"})

    assert form == ONE_CLICK
    assert (answer.status_code, answer.headers["referrer-policy"]) == (200, "strict-origin")
    assert await emails(ada) == ["immediate", "immediate", "never", "weekly", "immediate"]


async def test_who_is_signed_in_uses_the_same_button(client: AsyncClient, ada: Database) -> None:
    path = await address(ada)
    cookie = {"cookie": testing.in_browser("member", member_id=ADA)["cookie"].replace("gse-", "__Host-gse-")}
    page = await client.get(path, headers=cookie)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', page.text.partition("<main")[2]))

    assert (await client.post(path, data=form, headers=cookie)).status_code == 200
    assert len(form.pop("form_key")) == 22
    assert form == ONE_CLICK | testing.CSRF_OF_FORMS
    assert (await emails(ada))[2] == "never"


async def test_another_site_cannot_use_the_cookie_of_who_visits_it(client: AsyncClient, ada: Database) -> None:
    path = await address(ada)
    cookie = {"cookie": testing.in_browser("member", member_id=ADA)["cookie"].replace("gse-", "__Host-gse-")}
    by_a_form = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    for its in (cookie | by_a_form, cookie, by_a_form):
        assert (await client.post(path, data=ONE_CLICK, headers=its)).status_code == 403
    # And without the token there is nothing to ask for, whoever is signed in.
    guessed = f"/notifications/unsubscribe/{uuid4()}/events"
    assert (await client.post(guessed, data=ONE_CLICK | testing.CSRF_OF_FORMS, headers=cookie)).status_code == 404
    assert await emails(ada) == AT_FIRST


async def test_it_may_be_sent_as_multipart_and_again(client: AsyncClient, ada: Database) -> None:
    path = await address(ada)

    answers = [
        await client.post(path, files={"List-Unsubscribe": (None, "One-Click")}),
        await client.post(path, data=ONE_CLICK),
    ]

    assert [its.status_code for its in answers] == [200, 200]
    assert words(answers[0]) == words(answers[1])
    assert len(await changes(ada)) == 1


async def test_from_a_digest_what_is_gathered_stops_and_nothing_else(client: AsyncClient, ada: Database) -> None:
    async with ada.transaction() as tx:
        choices = {NoticeCategory.EVENTS: Choice(Frequency.DAILY), NoticeCategory.MENTORING: Choice(Frequency.WEEKLY)}
        await choosing.choose(tx, ADA, Preferences(choices, Hours()))
    path = await address(ada, "everything")

    assert (
        "Stop digests by email We will no longer email you about: mentoring events what you can do and what came of it"
        in words(await client.get(path))
    )
    answers = [await client.post(path, data=ONE_CLICK) for _ in range(2)]

    assert await emails(ada) == ["immediate", "never", "never", "never", "immediate"]
    assert "We do not email you any more about mentoring, events, what you can do and what came of it." in words(
        answers[0]
    )
    assert "We still email you about your membership, what waits for you" in words(answers[1])
    assert len(await changes(ada)) == 2
    assert "there is no digest to stop" in words(await client.get(path))


async def test_what_stands_nowhere_any_more_is_said(client: AsyncClient, ada: Database) -> None:
    async with ada.transaction() as tx:
        choices = {NoticeCategory.EVENTS: Choice(inbox=False)}
        await choosing.choose(tx, ADA, Preferences(choices, Hours()))

    answer = await client.post(await address(ada), data=ONE_CLICK)

    assert "You chose not to keep messages about events on this site either" in words(answer)
    async with ada.transaction() as tx:
        assert (await choosing_store.choices_of(tx, ADA))[NoticeCategory.EVENTS] == Choice(Frequency.NEVER, inbox=False)


async def test_a_link_that_is_none_says_what_to_do(client: AsyncClient, ada: Database) -> None:
    path = await address(ada)
    wrong = [f"{path}x", f"/notifications/unsubscribe/{uuid4()}/events", "/notifications/unsubscribe/x/events"]
    await leaves(ada, ADA)

    for its in (*wrong, path):
        for answer in (await client.get(its), await client.post(its, data=ONE_CLICK)):
            assert answer.status_code == 404
            assert "This link does not stop anything" in words(answer)
            assert "choose what you hear from us, and when" in words(answer)
    assert await changes(ada) == []


@pytest.mark.parametrize("sent", [{}, {"List-Unsubscribe": "Two-Clicks"}])
async def test_a_post_that_asks_for_nothing_changes_nothing(
    client: AsyncClient, ada: Database, sent: dict[str, str]
) -> None:
    answer = await client.post(await address(ada), data=sent)

    assert answer.status_code == 422
    assert await emails(ada) == AT_FIRST


async def test_it_is_taken_while_a_mail_is_being_sent(
    client: AsyncClient, ada: Database, mailed: Mailed, server: MailServerDouble
) -> None:
    await mailed("Welcome to the Government Science and Engineering profession")
    server.at_data = says_nothing
    await publishes(ada, FIRST)
    path = address_in(await mailed("You are invited to an event of the profession"))

    assert (await client.post(path, data=ONE_CLICK)).status_code == 200
    assert (await emails(ada))[2] == "never"


async def test_the_token_stands_in_no_log_and_no_metric(
    client: AsyncClient, ada: Database, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    path = await address(ada)
    for its in (path, f"{path}x"):
        await client.get(its)
        await client.post(its, data=ONE_CLICK)
        await client.post(its)

    printed = capsys.readouterr()
    token = path.split("/")[3]
    logged = " ".join(its.getMessage() for its in caplog.records if its.name != "httpx2")  # the client of this test
    assert token not in logged + printed.out + printed.err
    assert token not in (await client.get("/metrics")).text
