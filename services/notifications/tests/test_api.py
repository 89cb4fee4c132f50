"""Notifications over HTTP, on its real database and broker, with a double of the mail server."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.members import MemberContactChanged
from notifications.app import CONTACTS, MEMBERS
from notifications.testing import MailServerDouble, hangs_up, joined, joins, leaves, standing
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import erasure_requested
from testkit.records import read_all

SignIn = Callable[..., dict[str, str]]
ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
CAL = UUID("00000000-0000-4000-8000-00000000000c")
DOT = UUID("00000000-0000-4000-8000-00000000000d")
NOTICES = "/api/notifications/v1/notices"
COUNTS = "/api/notifications/v1/counts"
SECRETS = ("Ada King", "ada@", "Ben", "ben@", "example.org")


def inbox_of(member_id: UUID) -> str:
    return f"/api/notifications/v1/members/{member_id}/inbox"


async def test_a_service_without_notify_takes_no_receipt(client: AsyncClient) -> None:
    for token in ("Bearer ", "Bearer", "Bearer x"):
        answer = await client.post("/api/notifications/v1/notify-receipts", json={}, headers={"authorization": token})
        assert answer.status_code == 401


@pytest.fixture
def database_of_the_service(running: FastAPI) -> Database:
    database: Database = running.state.running.database
    return database


@pytest.fixture
async def welcomed(database_of_the_service: Database) -> None:
    """Ada and Ben have been welcomed."""
    await joins(database_of_the_service, ADA, "Ada King", "ada@example.org")
    await joins(database_of_the_service, BEN, "Ben", "ben@example.org")

    async def are_told() -> bool:
        return await standing(database_of_the_service) == [("sent", None), ("sent", None)]

    await eventually(are_told)


@pytest.mark.usefixtures("welcomed")
async def test_an_inbox_is_for_its_member_and_the_team_and_for_nobody_else(
    client: AsyncClient, signed_in: SignIn
) -> None:
    answers = {
        "themselves": await client.get(inbox_of(ADA), headers=signed_in("member", member_id=ADA)),
        "team": await client.get(inbox_of(ADA), headers=signed_in("team")),
        "another member": await client.get(inbox_of(ADA), headers=signed_in("member", member_id=BEN)),
        "head of profession": await client.get(inbox_of(ADA), headers=signed_in("hosep", organisation="UKHSA")),
        "operator": await client.get(inbox_of(ADA), headers=signed_in("operator")),
        "nobody": await client.get(inbox_of(ADA)),
    }

    assert {who: answer.status_code for who, answer in answers.items()} == {
        "themselves": 200,
        "team": 200,
        "another member": 404,
        "head of profession": 404,
        "operator": 404,
        "nobody": 401,
    }
    full = await client.get(inbox_of(ADA), params={"limit": 1}, headers=signed_in("team"))
    assert (len(full.json()["notices"]), full.json()["next"]) == (1, None)
    page: dict[str, Any] = answers["themselves"].json()
    [notice] = page["notices"]
    assert page["next"] is None
    assert notice.keys() == {
        "notice_id",
        "category",
        "title",
        "body",
        "state",
        "created_at",
        "sent_at",
        "channel",
        "read_at",
    }
    assert notice["title"] == "Welcome to the Government Science and Engineering profession"
    assert notice["body"].startswith("Dear Ada King,\n\nWelcome to the Government")
    assert "https://gse.test/privacy" in notice["body"]
    assert "ada@example.org" not in answers["themselves"].text
    assert (notice["category"], notice["state"]) == ("membership", "sent")
    assert notice["created_at"].endswith("Z")
    assert notice["sent_at"] >= notice["created_at"]


async def test_a_member_asks_again_until_their_joining_has_come_and_others_learn_nothing(
    client: AsyncClient, signed_in: SignIn, database_of_the_service: Database
) -> None:
    contact = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@example.org")
    await deliver(database_of_the_service, "notifications", CONTACTS, said(contact, 1))

    early = await client.get(inbox_of(ADA), headers=signed_in("member", member_id=ADA))
    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    assert early.json()["type"] == "/problems/inbox-not-ready"
    assert (await client.get(inbox_of(ADA), headers=signed_in("team"))).status_code == 404


async def test_what_was_cancelled_is_in_no_inbox(
    client: AsyncClient, signed_in: SignIn, database_of_the_service: Database, server: MailServerDouble
) -> None:
    await server.stop()
    await joins(database_of_the_service, ADA, "Ada King", "ada@example.org")
    await leaves(database_of_the_service, ADA)

    async def is_cancelled() -> bool:
        return [state for state, _ in await standing(database_of_the_service)] == ["cancelled"]

    await eventually(is_cancelled)
    answer = await client.get(inbox_of(ADA), headers=signed_in("team"))
    assert (answer.status_code, answer.json()) == (200, {"notices": [], "next": None})


async def test_what_may_or_may_not_have_gone_out_is_listed_for_the_team_page_by_page(
    client: AsyncClient, signed_in: SignIn, database_of_the_service: Database, server: MailServerDouble
) -> None:
    server.at_data = hangs_up
    for member_id in (ADA, BEN, CAL):
        await joins(database_of_the_service, member_id, "Ada King", "ada@example.org")

    async def are_unknown() -> bool:
        return [state for state, _ in await standing(database_of_the_service)] == ["unknown"] * 3

    await eventually(are_unknown)
    first = await client.get(NOTICES, params={"state": "unknown", "limit": 2}, headers=signed_in("team"))
    assert [its["member_id"] for its in first.json()["notices"]] == [str(ADA), str(BEN)]
    rest = await client.get(
        NOTICES, params={"state": "unknown", "limit": 2, "after": first.json()["next"]}, headers=signed_in("team")
    )
    [notice] = rest.json()["notices"]
    full = await client.get(NOTICES, params={"state": "unknown", "limit": 3}, headers=signed_in("team"))
    assert (rest.json()["next"], len(full.json()["notices"]), full.json()["next"]) == (None, 3, None)
    assert (notice["member_id"], notice["state"], notice["template"]) == (str(CAL), "unknown", "welcome")
    assert notice["reason"] == "no answer to the message: SMTPServerDisconnected"
    assert notice["message_id"] == f"<{notice['notice_id']}@profession.test>"
    assert (notice["attempts"], notice["sent_at"]) == (1, None)
    assert not any(secret in first.text + rest.text for secret in SECRETS)

    inbox = await client.get(inbox_of(ADA), headers=signed_in("member", member_id=ADA))
    assert [its["state"] for its in inbox.json()["notices"]] == ["unknown"]


async def test_where_notices_stand_is_for_the_team_alone(client: AsyncClient, signed_in: SignIn) -> None:
    params = {"state": "unknown"}

    assert (await client.get(NOTICES, params=params)).status_code == 401
    assert (await client.get(NOTICES, params=params, headers=signed_in("member", member_id=ADA))).status_code == 403
    assert (await client.get(NOTICES, params=params, headers=signed_in("operator"))).status_code == 403
    assert (await client.get(NOTICES, params=params, headers=signed_in("team"))).json() == {"notices": [], "next": None}
    assert (await client.get(NOTICES, params={"state": "lost"}, headers=signed_in("team"))).status_code == 422


@pytest.mark.usefixtures("welcomed")
async def test_counts_are_totals_and_need_no_sign_in(client: AsyncClient, database_of_the_service: Database) -> None:
    contact = MemberContactChanged(member_id=DOT, name="Dot", email="dot@example.org")
    await deliver(database_of_the_service, "notifications", CONTACTS, said(contact, 1))
    await leaves(database_of_the_service, BEN)

    answer = await client.get(COUNTS)

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "members": 1,
            "waiting": 0,
            "due": 0,
            "scheduled": 0,
            "gathered": 0,
            "sending": 0,
            "sent": 2,
            "unknown": 0,
            "failed": 0,
            "suppressed": 0,
            "cancelled": 0,
        },
    )


async def test_what_members_says_on_the_bus_becomes_a_mail_and_an_event_without_name_or_address(
    client: AsyncClient, server: MailServerDouble, kafka: KafkaAddress, topic_prefix: str
) -> None:
    contact = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@example.org")
    async with AIOKafkaProducer(**kafka.aiokafka()) as producer:
        for stream, record in {
            "gse.members": said(joined(ADA), 1),
            "gse.members.contacts": said(contact, 1),
        }.items():
            await producer.send_and_wait(f"{topic_prefix}{stream}", record.value, record.key, headers=record.headers)

    async def is_told() -> bool:
        return len(await read_all(kafka, f"{topic_prefix}gse.notifications")) == 1

    await eventually(is_told, timeout=30)
    [record_of_it] = await read_all(kafka, f"{topic_prefix}gse.notifications")
    assert [its.rcpt_tos for its in server.handed] == [["ada@example.org"]]
    assert record_of_it.header("ce_type") == "uk.gov.gse.notifications.NotificationSent.v1"
    assert record_of_it.json()["member_id"] == str(ADA)
    assert not any(secret.encode() in repr(record_of_it).encode() for secret in SECRETS)
    assert (await client.get("/health/ready")).status_code == 200


@pytest.mark.usefixtures("welcomed")
async def test_an_erased_member_has_no_inbox_and_is_not_told_to_wait_for_one(
    client: AsyncClient, signed_in: SignIn, database_of_the_service: Database
) -> None:
    await deliver(database_of_the_service, "notifications", MEMBERS, said(erasure_requested(ADA), 2))

    answers = [
        await client.get(inbox_of(ADA), headers=headers)
        for headers in (signed_in("member", member_id=ADA), signed_in("team"))
    ]

    assert [(its.status_code, its.json()["type"]) for its in answers] == [(404, "/problems/no-such-inbox")] * 2
