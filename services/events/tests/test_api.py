"""The events service over HTTP, on its real database and broker."""

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import Delivery, deliver, said
from contracts.members import Grade, GradeBand, MemberJoined, MemberLeft
from events.app import MEMBERS
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually

SignIn = Callable[..., dict[str, str]]


def joined(member_id: UUID) -> MemberJoined:
    return MemberJoined(
        member_id=member_id,
        organisation="UKHSA",
        grade_band=GradeBand.HEO_SEO,
        grade=Grade.HEO,
        joined_on=date(2026, 2, 11),
    )


def left(member_id: UUID) -> MemberLeft:
    return MemberLeft(
        member_id=member_id, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31)
    )


async def hear(running: FastAPI, *deliveries: Delivery) -> None:
    await deliver(running.state.running.database, "events", MEMBERS, *deliveries)


def invitee_of(member_id: UUID) -> str:
    return f"/api/events/v1/members/{member_id}/invitee"


async def test_an_invitee_is_for_the_member_and_the_team_and_for_nobody_else(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    ada, ben = uuid4(), uuid4()
    await hear(running, said(joined(ada), 1), said(joined(ben), 1))

    answers = {
        "themselves": await client.get(invitee_of(ada), headers=signed_in("member", member_id=ada)),
        "scheme lead": await client.get(invitee_of(ada), headers=signed_in("scheme-lead")),
        "team": await client.get(invitee_of(ada), headers=signed_in("team")),
        "another member": await client.get(invitee_of(ada), headers=signed_in("member", member_id=ben)),
        "head of profession": await client.get(invitee_of(ada), headers=signed_in("hosep", organisation="UKHSA")),
        "operator": await client.get(invitee_of(ada), headers=signed_in("operator")),
        "nobody": await client.get(invitee_of(ada)),
    }

    assert {who: answer.status_code for who, answer in answers.items()} == {
        "themselves": 200,
        "scheme lead": 404,
        "team": 200,
        "another member": 404,
        "head of profession": 404,
        "operator": 404,
        "nobody": 401,
    }
    assert answers["themselves"].json() == {
        "member_id": str(ada),
        "organisation": "UKHSA",
        "grade_band": "HEO-SEO",
        "since": "2026-02-11",
    }


async def test_a_leaver_is_no_invitee_for_anybody(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    ada = uuid4()
    await hear(running, said(joined(ada), 1), said(left(ada), 2))

    themselves = await client.get(invitee_of(ada), headers=signed_in("member", member_id=ada))
    team = await client.get(invitee_of(ada), headers=signed_in("team"))

    assert (themselves.status_code, themselves.json()["type"]) == (404, "/problems/not-invited")
    assert (team.status_code, team.json()["type"]) == (404, "/problems/not-invited")


async def test_counts_are_of_those_who_have_not_left_and_need_no_sign_in(running: FastAPI, client: AsyncClient) -> None:
    ada, ben, cal = uuid4(), uuid4(), uuid4()
    before = (await client.get("/api/events/v1/counts")).json()["members"]
    await hear(running, said(joined(ada), 1), said(joined(ben), 1), said(joined(cal), 1), said(left(cal), 2))

    answer = await client.get("/api/events/v1/counts")

    assert (answer.status_code, answer.json()) == (200, {"members": before + 2})


async def test_a_member_asks_again_until_their_event_has_come_and_others_learn_nothing(
    client: AsyncClient, signed_in: SignIn, kafka: KafkaAddress, prefix: str
) -> None:
    ada = uuid4()
    early = await client.get(invitee_of(ada), headers=signed_in("member", member_id=ada))
    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    assert early.json()["type"] == "/problems/not-invited-yet"
    assert (await client.get(invitee_of(ada), headers=signed_in("team"))).status_code == 404

    record = said(joined(ada), 1)
    async with AIOKafkaProducer(**kafka.aiokafka()) as producer:
        await producer.send_and_wait(f"{prefix}gse.members", record.value, record.key, headers=record.headers)

    async def is_known() -> bool:
        return (await client.get(invitee_of(ada), headers=signed_in("member", member_id=ada))).status_code == 200

    await eventually(is_known, timeout=30)


async def test_the_service_is_ready_when_it_hears_its_stream(client: AsyncClient) -> None:
    async def is_ready() -> bool:
        return (await client.get("/health/ready")).status_code == 200

    await eventually(is_ready, timeout=30)
