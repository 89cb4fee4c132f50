"""What comes back of a message: receipts of GOV.UK Notify and bounces of the mail server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from chassis import problems, testing
from chassis.database import Database
from chassis.identity import TokenKeys
from chassis.testing import deliver, said, what_was_said
from contracts.members import MemberContactChanged
from contracts.notifications import Channel
from notifications import receipts
from notifications.app import CONTACTS
from notifications.channels import Channels
from notifications.notify import Notify
from notifications.notify_double import KEY, RECEIPT_TOKEN, TEMPLATE, NotifyDouble, Taken, cuts
from notifications.testing import (
    MailServerDouble,
    bounce_of,
    channels_to,
    is_standing,
    joins,
    leaves,
    mail_to,
    rows,
    sending,
)
from testkit.eventually import eventually

SignIn = Callable[..., dict[str, str]]
ADA = UUID("00000000-0000-4000-8000-00000000000a")
RECEIPTS = "/api/notifications/v1/notify-receipts"
BOUNCES = "/api/notifications/v1/bounces"
REFUSED = "the mailbox refused the message for good"


@pytest.fixture
def channel(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", Channel.NOTIFY)


by_smtp = pytest.mark.parametrize("channel", [Channel.EMAIL], indirect=True)


@pytest.fixture
async def ways(channel: str, notify: NotifyDouble, server: MailServerDouble) -> AsyncIterator[Channels]:
    """The one by which mail goes out."""
    its = channels_to(Notify(KEY, TEMPLATE, notify.url) if channel == Channel.NOTIFY else mail_to(server), channel)
    yield its
    await its.close()


@pytest.fixture
async def sent(store: Database, ways: Channels) -> None:
    """Ada's welcome has gone out."""
    await joins(store, ADA, "Ada King", "ada@example.org")
    async with sending(store, ways):
        await eventually(is_standing(store, ("sent", None)))


@pytest.fixture
def store(notifications: Database) -> Database:
    return notifications


@pytest.fixture
async def client(store: Database, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Asks what takes receipts, without the rest of the service."""
    app = FastAPI()
    app.include_router(receipts.router)
    problems.install(app)
    app.state.running = SimpleNamespace(database=store)
    app.state.token_keys = TokenKeys.load(testing.token_keys(tmp_path))
    app.state.settings = SimpleNamespace(notify_receipt_token=SecretStr(RECEIPT_TOKEN))
    async with testing.client_of(app) as asking:
        yield asking


@pytest.fixture
def receipt(client: httpx2.AsyncClient, notify: NotifyDouble) -> Callable[..., Awaitable[int]]:
    async def send(status: str, its: Taken | None = None) -> int:
        answer = await notify.send_receipt(client.post, RECEIPTS, its or notify.taken[0], status)
        return answer.status_code

    return send


Send = Callable[..., Awaitable[int]]


async def news(store: Database) -> list[str]:
    [(notice_id,)] = await rows(store, "SELECT notice_id FROM notice")
    return [name for name, _ in await what_was_said(store, notice_id)]


async def address_failed(store: Database) -> Any:
    [(reason,)] = await rows(store, "SELECT address_failed FROM recipient WHERE member_id = $1", ADA)
    return reason


async def moves(store: Database) -> None:
    contact = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@new.example")
    await deliver(store, "notifications", CONTACTS, said(contact, 2))


async def restate(store: Database, state: str) -> None:
    """As a kill, or a no that was none, would have left it."""
    await rows(
        store,
        """
        UPDATE notice SET state = $1, sent_at = NULL, due_at = now() + interval '1 day',
            claimed_by = CASE WHEN $1 = 'sending' THEN 'x' END,
            claimed_until = CASE WHEN $1 = 'sending' THEN now() + interval '1 hour' END RETURNING 1""",
        state,
    )


@pytest.mark.usefixtures("sent")
async def test_what_notify_took_is_sent_by_it_with_its_id(store: Database, notify: NotifyDouble) -> None:
    [taken] = notify.taken
    assert await rows(store, "SELECT channel, provider_id, delivered_at FROM notice") == [
        ("notify", taken.provider_id, None)
    ]


@pytest.mark.usefixtures("sent")
async def test_a_delivery_is_kept_once(store: Database, receipt: Send) -> None:
    assert await receipt("delivered") == 204
    [first] = await rows(store, "SELECT state, delivered_at FROM notice WHERE delivered_at IS NOT NULL")
    assert await receipt("delivered") == 204

    assert await rows(store, "SELECT state, delivered_at FROM notice") == [first]
    assert await news(store) == ["NotificationSent"]


@pytest.mark.usefixtures("sent")
async def test_a_permanent_failure_fails_the_notice_and_the_address_once(store: Database, receipt: Send) -> None:
    assert [await receipt("permanent-failure") for _ in range(2)] == [204, 204]

    assert await is_standing(store, ("failed", REFUSED))()
    assert await address_failed(store) == REFUSED
    assert await news(store) == ["NotificationSent", "NotificationFailed"]


@pytest.mark.usefixtures("sent")
async def test_an_address_that_came_meanwhile_has_refused_nothing(store: Database, receipt: Send) -> None:
    await moves(store)
    await receipt("permanent-failure")

    assert await is_standing(store, ("failed", REFUSED))()
    assert await address_failed(store) is None


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("temporary-failure", "the mailbox did not take the message in time"),
        ("technical-failure", "Notify could not send the message"),
    ],
)
async def test_another_failure_says_nothing_of_the_address(
    store: Database, receipt: Send, status: str, reason: str
) -> None:
    await receipt(status)

    assert await is_standing(store, ("failed", reason))()
    assert await address_failed(store) is None


@pytest.mark.usefixtures("sent")
async def test_what_arrived_stays_so_in_whichever_order_it_is_said(store: Database, receipt: Send) -> None:
    for status in ("temporary-failure", "delivered", "temporary-failure"):
        await receipt(status)

    assert await is_standing(store, ("sent", None))()


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(
    ("status", "becomes"),
    [("delivered", ("sent", "NotificationSent")), ("permanent-failure", ("failed", "NotificationFailed"))],
)
@pytest.mark.parametrize("stood", ["unknown", "due"])
async def test_what_was_unknown_or_seemed_not_begun_becomes_what_the_receipt_says(
    store: Database, receipt: Send, stood: str, status: str, becomes: tuple[str, str]
) -> None:
    await restate(store, stood)
    await receipt(status)

    [(state,)] = await rows(store, "SELECT state FROM notice")
    assert (state, *(await news(store))[1:]) == becomes


@pytest.mark.usefixtures("sent")
async def test_a_receipt_before_our_own_commit_is_to_come_again(store: Database, receipt: Send) -> None:
    await restate(store, "sending")

    assert await receipt("delivered") == 503
    assert await rows(store, "SELECT state, delivered_at FROM notice") == [("sending", None)]


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("reference", [str(UUID(int=404)), "another's", None, ""])
async def test_an_unknown_reference_is_let_pass(
    store: Database, receipt: Send, notify: NotifyDouble, reference: str | None
) -> None:
    strange = Taken(uuid4(), {**notify.taken[0].request, "reference": reference})

    assert await receipt("permanent-failure", strange) == 204
    assert await is_standing(store, ("sent", None))()


@pytest.mark.usefixtures("sent")
async def test_a_receipt_of_what_was_sent_again_since_changes_nothing(store: Database, receipt: Send) -> None:
    await rows(store, "UPDATE notice SET redeliveries = 1 RETURNING 1")
    await receipt("permanent-failure")

    assert await is_standing(store, ("sent", None))()


@pytest.mark.usefixtures("sent")
async def test_a_leaver_has_no_address_that_fails(store: Database, receipt: Send) -> None:
    await leaves(store, ADA)

    assert await receipt("permanent-failure") == 204
    assert await address_failed(store) is None


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer another-token-that-is-long", "Basic {}", "{}"])
async def test_a_receipt_without_the_token_is_refused(
    client: httpx2.AsyncClient, store: Database, notify: NotifyDouble, signed_in: SignIn, token: str | None
) -> None:
    headers = {} if token is None else {"authorization": token.format(RECEIPT_TOKEN)}
    body = {
        "id": str(uuid4()), "reference": notify.taken[0].request["reference"], "to": "a@b.c", "status": "delivered",
    }  # fmt: skip

    assert (await client.post(RECEIPTS, json=body, headers=headers)).status_code == 401
    assert (await client.post(RECEIPTS, json=body, headers=signed_in("team", "operator"))).status_code == 401
    assert await rows(store, "SELECT delivered_at FROM notice") == [(None,)]


@pytest.mark.usefixtures("sent")
async def test_a_receipt_that_is_none_is_refused_and_not_repeated(
    client: httpx2.AsyncClient, notify: NotifyDouble
) -> None:
    headers = {"authorization": f"Bearer {RECEIPT_TOKEN}"}
    answer = await client.post(RECEIPTS, json={"to": "ada@example.org", "status": 1}, headers=headers)

    assert answer.status_code == 422
    assert "ada@" not in answer.text


async def test_a_receipt_settles_what_notify_took_without_an_answer(
    store: Database, ways: Channels, notify: NotifyDouble, receipt: Send
) -> None:
    notify.after = cuts
    await joins(store, ADA, "Ada King", "ada@example.org")
    async with sending(store, ways):
        await eventually(is_standing(store, ("unknown", "no answer from Notify: RemoteProtocolError")))
        await receipt("delivered")

    assert await is_standing(store, ("sent", None))()
    assert len(notify.taken) == 1


@pytest.fixture
def bounce(client: httpx2.AsyncClient, store: Database, signed_in: SignIn) -> Callable[..., Awaitable[int]]:
    async def send(**how: Any) -> int:
        [(message_id,)] = await rows(store, "SELECT message_id FROM notice")
        answer = await client.post(
            BOUNCES,
            content=bounce_of(message_id, **how),
            headers={**signed_in("operator"), "content-type": "message/rfc822"},
        )
        return answer.status_code

    return send


@by_smtp
@pytest.mark.usefixtures("sent")
async def test_a_bounce_fails_the_notice_and_the_address_once(store: Database, bounce: Send) -> None:
    assert [await bounce() for _ in range(2)] == [204, 204]

    reason = "the mail server could not deliver it: code 5.1.1"
    assert await is_standing(store, ("failed", reason))()
    assert await address_failed(store) == reason
    assert await news(store) == ["NotificationSent", "NotificationFailed"]


@by_smtp
@pytest.mark.usefixtures("sent")
async def test_a_delay_changes_nothing(store: Database, bounce: Send) -> None:
    assert await bounce(action="delayed", status="4.4.1") == 204
    assert await is_standing(store, ("sent", None))()


@by_smtp
@pytest.mark.usefixtures("sent")
async def test_a_refusal_by_policy_fails_the_notice_and_not_the_address(store: Database, bounce: Send) -> None:
    await bounce(status="5.7.1")

    assert await is_standing(store, ("failed", "the mail server could not deliver it: code 5.7.1"))()
    assert await address_failed(store) is None


@by_smtp
@pytest.mark.usefixtures("sent")
async def test_a_bounce_of_an_address_that_is_no_longer_theirs_fails_the_notice_alone(
    store: Database, bounce: Send
) -> None:
    await moves(store)
    await bounce()

    assert await rows(store, "SELECT state FROM notice") == [("failed",)]
    assert await address_failed(store) is None


@pytest.mark.usefixtures("sent")
async def test_a_bounce_of_what_went_another_way_changes_nothing(store: Database, bounce: Send) -> None:
    assert await bounce() == 204
    assert await is_standing(store, ("sent", None))()


@by_smtp
@pytest.mark.usefixtures("sent")
async def test_a_bounce_before_our_own_commit_is_to_come_again(store: Database, bounce: Send) -> None:
    await restate(store, "sending")

    assert await bounce() == 503


async def test_who_may_bring_a_bounce_and_what_is_none(client: httpx2.AsyncClient, signed_in: SignIn) -> None:
    message = bounce_of("<nobody@profession.test>")
    wrong = await client.post(BOUNCES, content=b"ada@example.org", headers=signed_in("team"))

    assert (await client.post(BOUNCES, content=message)).status_code == 401
    assert (await client.post(BOUNCES, content=message, headers=signed_in("member"))).status_code == 403
    assert (await client.post(BOUNCES, content=message, headers=signed_in("team"))).status_code == 204
    assert wrong.status_code == 422
    assert "RFC 3464" in wrong.text
    assert "ada@" not in wrong.text
