"""Names and addresses leave Kafka's disks, on a real broker whose segments live for half a second instead of hours."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from httpx2 import AsyncClient

from testkit.addresses import KafkaAddress
from testkit.compaction import cleared, cleared_soon

SignIn = Callable[..., dict[str, str]]
MEMBERS = "/api/members/v1/members"


@pytest.fixture(scope="module")
def environment(environment: dict[str, str]) -> dict[str, str]:
    """A contact that was taken back is taken back again after two seconds, and after four."""
    return environment | {"MEMBERS_CONTACTS_AGAIN_HOURS": str(2 / 3600)}


async def joined(client: AsyncClient, word: str) -> str:
    form = {"name": f"Ada {word}", "email": f"{word}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(MEMBERS, json=form)
    return str(answer.json()["member_id"])


async def send_late(kafka: KafkaAddress, topic: str, member_id: str, word: str) -> None:
    """What a leader may still send that was stopped between reading and sending."""
    async with AIOKafkaProducer(**kafka.aiokafka()) as producer:
        await producer.send_and_wait(topic, key=member_id.encode(), value=f'{{"name": "Ada {word}"}}'.encode())


async def test_name_and_address_of_who_left_or_was_erased_are_nowhere_on_the_stream_any_more(
    client: AsyncClient, kafka: KafkaAddress, topics: str, signed_in: SignIn
) -> None:
    topic, team = f"{topics}gse.members.contacts", signed_in("team")
    left, erased, stays = (f"planted{uuid4().hex}" for _ in range(3))
    with cleared_soon(kafka, topic):
        leaver, erasee, stayer = [await joined(client, word) for word in (left, erased, stays)]
        assert (await client.post(f"{MEMBERS}/{leaver}/departures", headers=team)).status_code == 200
        assert (await client.post(f"{MEMBERS}/{erasee}/erasure", headers=team)).status_code == 202
        await send_late(kafka, topic, erasee, erased)

        records = await cleared(kafka, topic, left, erased)

    told: dict[str, Any] = {(its.key or b"").decode(): its.json() for its in records}
    assert told[stayer] == {"member_id": stayer, "name": f"Ada {stays}", "email": f"{stays}@ukhsa.example"}
    assert (told.get(leaver), told.get(erasee)) == (None, None)
