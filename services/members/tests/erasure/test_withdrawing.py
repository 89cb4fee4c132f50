"""Names and addresses leave Kafka's disks, on a real broker whose segments live for half a second instead of hours."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from httpx2 import AsyncClient

from testkit.addresses import KafkaAddress
from testkit.compaction import cleared, cleared_soon, taken_back
from testkit.eventually import eventually

SignIn = Callable[..., dict[str, str]]
MEMBERS = "/api/members/v1/members"


async def joined(client: AsyncClient, word: str) -> str:
    form = {"name": f"Ada {word}", "email": f"{word}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(MEMBERS, json=form)
    return str(answer.json()["member_id"])


async def send_late(kafka: KafkaAddress, topic: str, member_id: str, word: str) -> None:
    """What a leader may still send that was stopped between reading and sending."""
    async with AIOKafkaProducer(**kafka.aiokafka()) as producer:
        await producer.send_and_wait(topic, key=member_id.encode(), value=f'{{"name": "Ada {word}"}}'.encode())


async def withdrawn(running: FastAPI) -> list[tuple[UUID, int]]:
    async with running.state.running.database.transaction() as tx:
        return [tuple(row) for row in await tx.fetch("SELECT member_id, said_again FROM withdrawn_contact ORDER BY 1")]


async def hours_pass(running: FastAPI, hours: float) -> None:
    """Every contact was taken back so long ago."""
    async with running.state.running.database.transaction() as tx:
        await tx.execute("UPDATE withdrawn_contact SET withdrawn_at = now() - make_interval(secs => $1)", hours * 3600)


async def test_name_and_address_of_who_left_or_was_erased_are_nowhere_on_the_stream_any_more(
    client: AsyncClient, running: FastAPI, kafka: KafkaAddress, topics: str, signed_in: SignIn
) -> None:
    topic, team = f"{topics}gse.members.contacts", signed_in("team")
    left, erased, stays = (f"planted{uuid4().hex}" for _ in range(3))
    with cleared_soon(kafka, topic):
        leaver, erasee, stayer = [await joined(client, word) for word in (left, erased, stays)]
        assert (await client.post(f"{MEMBERS}/{leaver}/departures", headers=team)).status_code == 200
        assert (await client.post(f"{MEMBERS}/{erasee}/erasure", headers=team)).status_code == 202
        numbers = {its: await taken_back(kafka, topic, its) for its in (leaver, erasee)}
        await send_late(kafka, topic, erasee, erased)
        for hours in (7.1, 14.1):
            await hours_pass(running, hours)
            numbers = {its: await taken_back(kafka, topic, its, after=last) for its, last in numbers.items()}
        records = await cleared(kafka, topic, left, erased)

    assert numbers == {leaver: 4, erasee: 4}, "once with the leaving, then twice again"
    told: dict[str, Any] = {(its.key or b"").decode(): its.json() for its in records}
    there = {"member_id": stayer, "name": f"Ada {stays}", "email": f"{stays}@ukhsa.example"}
    assert {field: its for field, its in told[stayer].items() if field != "verification_id"} == there
    assert (told.get(leaver), told.get(erasee)) == (None, None)
    assert await withdrawn(running) == []


async def test_a_contact_is_taken_back_again_after_seven_and_after_fourteen_hours_and_then_no_more(
    client: AsyncClient, running: FastAPI, kafka: KafkaAddress, topics: str, signed_in: SignIn
) -> None:
    topic, leaver = f"{topics}gse.members.contacts", await joined(client, f"planted{uuid4().hex}")
    await client.post(f"{MEMBERS}/{leaver}/departures", headers=signed_in("team"))
    number = await taken_back(kafka, topic, leaver)

    await hours_pass(running, 6.9)
    assert await withdrawn(running) == [(UUID(leaver), 0)]
    await hours_pass(running, 7.1)
    number = await taken_back(kafka, topic, leaver, after=number)
    assert await withdrawn(running) == [(UUID(leaver), 1)]
    await hours_pass(running, 14.1)
    await eventually(lambda: _is_empty(running))

    assert await taken_back(kafka, topic, leaver, after=number) == 4


async def _is_empty(running: FastAPI) -> bool:
    return await withdrawn(running) == []
