"""The double of GOV.UK Notify against their own client, which knows nothing of us.

It is no requirement of this repository, since it brings a package that is only to be had as a source to be built:
`pip install --no-deps notifications-python-client pyjwt` runs these.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest

from notifications.notify_double import KEY, SECRET, TEMPLATE, NotifyDouble, answers

official = pytest.importorskip("notifications_python_client", reason="their client is not installed")
WORDS = {"subject": "Welcome", "body": "Dear Ada"}


@pytest.fixture
async def call(notify: NotifyDouble) -> AsyncIterator[Callable[..., Any]]:
    """Calls their client in a thread, since it is synchronous."""
    client = official.NotificationsAPIClient(KEY, base_url=notify.url, timeout=5)

    async def of(method: str, *values: object, **named: object) -> Any:
        return await asyncio.to_thread(getattr(client, method), *values, **named)

    yield of
    client.request_session.close()


async def test_it_takes_mail(call: Callable[..., Any], notify: NotifyDouble) -> None:
    answer = await call(
        "send_email_notification",
        "ada@example.org",
        str(TEMPLATE),
        personalisation=WORDS,
        reference="1",
        one_click_unsubscribe_url="https://gse.test/1",
    )

    [taken] = notify.taken
    assert answer["id"] == str(taken.provider_id)
    assert answer["reference"] == taken.request["reference"] == "1"
    assert answer["content"]["body"] == "Dear Ada"


async def test_it_tells_what_became_of_a_reference(call: Callable[..., Any], notify: NotifyDouble) -> None:
    for reference in ("1", "2"):
        await call(
            "send_email_notification", "ada@example.org", str(TEMPLATE), personalisation=WORDS, reference=reference
        )
    notify.taken[1].status = "permanent-failure"

    answer = await call("get_all_notifications", reference="2")
    assert [(its["id"], its["status"]) for its in answer["notifications"]] == [
        (str(notify.taken[1].provider_id), "permanent-failure")
    ]
    assert (await call("get_all_notifications", reference="3"))["notifications"] == []


async def test_its_refusals_are_read(call: Callable[..., Any], notify: NotifyDouble) -> None:
    with pytest.raises(official.errors.HTTPError) as refused:
        await call("send_email_notification", "nobody", str(TEMPLATE), personalisation=WORDS)
    assert refused.value.status_code == 400
    assert refused.value.message[0]["error"] == "ValidationError"

    notify.before = answers(429, "RateLimitError", "Exceeded")
    with pytest.raises(official.errors.HTTPError) as refused:
        await call("send_email_notification", "ada@example.org", str(TEMPLATE), personalisation=WORDS)
    assert refused.value.status_code == 429


async def test_it_knows_their_keys(notify: NotifyDouble) -> None:
    other = official.NotificationsAPIClient(f"name-{uuid4()}-{SECRET}", base_url=notify.url)
    with pytest.raises(official.errors.HTTPError) as refused:
        await asyncio.to_thread(other.get_all_notifications, reference="1")
    other.request_session.close()
    assert refused.value.status_code == 403
