"""No text that notifications takes may hold what its database cannot keep."""

from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis.database import Database
from chassis.testing import signed_in
from chassis.testing_inputs import IDS, not_told, texts
from notifications.notify_double import KEY, RECEIPT_TOKEN, TEMPLATE, NotifyDouble
from notifications.testing import joins

RECEIPTS = "/api/notifications/v1/notify-receipts"


@pytest.fixture
def more_settings(notify: NotifyDouble) -> dict[str, Any]:
    return {
        "NOTIFICATIONS_NOTIFY_KEY": SecretStr(KEY),
        "NOTIFICATIONS_NOTIFY_TEMPLATE": TEMPLATE,
        "NOTIFICATIONS_NOTIFY_URL": notify.url,
        "NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN": SecretStr(RECEIPT_TOKEN),
    }


async def test_a_nul_is_told_at_the_field_of_every_text(
    client: AsyncClient, running: FastAPI, notifications: Database
) -> None:
    await joins(notifications, UUID(IDS), "Ada King", "ada@example.org")
    paths = running.openapi()["paths"]
    of_notify = running.openapi() | {"paths": {RECEIPTS: paths[RECEIPTS]}}
    of_others = running.openapi() | {"paths": {path: its for path, its in paths.items() if path != RECEIPTS}}

    assert (len(list(texts(of_notify))), len(list(texts(of_others))) > 5) == (3, True)
    assert await not_told(client, of_notify, {"authorization": f"Bearer {RECEIPT_TOKEN}"}) == []
    assert await not_told(client, of_others, signed_in("team", "member", "operator", member_id=IDS)) == [
        f"put /api/notifications/v1/members/{IDS}/preferences quiet_{end}: 422"  # beside another `when` it is not read
        for end in ("from", "to")
    ]
