"""The whole service where it sends by GOV.UK Notify first: what goes out, what takes over, what comes back."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from chassis.database import Database
from notifications.notify_double import NotifyDouble, answers
from notifications.testing import MailServerDouble, is_standing, joins, rows
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")


@pytest.fixture
def more_settings(notify: NotifyDouble) -> dict[str, Any]:
    return {**notify.settings, "NOTIFICATIONS_CHANNELS": "notify,smtp"}


@pytest.fixture
def store(running: FastAPI) -> Database:
    its: Database = running.state.running.database
    return its


async def test_mail_goes_by_notify_and_its_receipt_comes_back(
    store: Database, client: httpx2.AsyncClient, notify: NotifyDouble, server: MailServerDouble
) -> None:
    await joins(store, ADA, "Ada King", "ada@example.org")
    await eventually(is_standing(store, ("sent", None)))
    [taken] = notify.taken
    answer = await notify.send_receipt(client.post, "/api/notifications/v1/notify-receipts", taken, "delivered")

    assert answer.status_code == 204
    [(channel, provider_id, delivered_at)] = await rows(store, "SELECT channel, provider_id, delivered_at FROM notice")
    assert (channel, provider_id) == ("notify", taken.provider_id)
    assert delivered_at is not None
    assert server.handed == []


async def test_the_mail_server_takes_over_from_a_notify_that_is_away(
    store: Database, notify: NotifyDouble, server: MailServerDouble
) -> None:
    await notify.stop()
    people = [UUID(int=number) for number in range(1, 7)]
    for who in people:
        await joins(store, who, "Ada King", f"{who.int}@example.org")
    await eventually(is_standing(store, *[("sent", None)] * len(people)), timeout=30)

    assert len(server.handed) == len(people)
    assert await rows(store, "SELECT DISTINCT channel FROM notice") == [("email",)]


async def test_the_mail_server_takes_over_from_a_notify_that_answers_with_errors_and_sends_nothing_twice(
    store: Database, notify: NotifyDouble, server: MailServerDouble
) -> None:
    notify.before = answers(503)
    for number in range(1, 6):
        await joins(store, UUID(int=number), "Ada King", f"{number}@example.org")
    why = "Notify answered 503 to the message"
    await eventually(is_standing(store, *[("unknown", why)] * 5), timeout=30)
    assert server.handed == []

    await joins(store, ADA, "Ada King", "ada@example.org")
    await eventually(is_standing(store, *[("unknown", why)] * 5, ("sent", None)), timeout=30)

    [handed] = server.handed
    assert handed.rcpt_tos == ["ada@example.org"]
    assert await rows(store, "SELECT channel, count(*) FROM notice GROUP BY 1 ORDER BY 1") == [
        ("email", 1),
        ("notify", 5),
    ]
