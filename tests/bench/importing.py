"""How fast a file becomes members: 10,000 rows, from the upload until each has its `MemberJoined` on Kafka.

The file is sent as the team sends it, at members itself; its relay carries what is said meanwhile. A consumer outside
counts the records of `gse.members`. What stands around members is stopped where it is, as with joining. Then the same
file once more: until its report says that everybody is a member already.
"""

import asyncio
import secrets
import time
from uuid import uuid4

import httpx2
from aiokafka import AIOKafkaConsumer

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.joining import OTHERS
from bench.platforms import Up, fresh_home, up
from testkit.addresses import KafkaAddress

ROWS = 10_000
WAIT_SECONDS = 120
HEADER = "name,email,organisation,grade,joined_on,interests,skills"
STREAM = "gse.members"


def measure(rounds: int, tell: Tell) -> list[Finding]:
    joined, again = list[float](), list[float]()
    with fresh_home() as home, up(home) as platform:
        platform.pause(*OTHERS)
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            first, second = asyncio.run(_round(platform))
            joined.append(ROWS / first)
            again.append(ROWS / second)
    on_kafka = Series("rows of a file, each on Kafka", "rows/s", tuple(joined))
    repeated = Series("the same file again", "rows/s", tuple(again))
    return [Finding("importing", (Comparison(on_kafka, Target(at_least=1000)),), (repeated,))]


async def _round(platform: Up) -> tuple[float, float]:
    """The seconds of a new file and of the same once more."""
    mark = secrets.token_hex(4)
    rows = (
        f"Ben Okafor,ben{number}@{mark}.example,Met Office,EO,2016-03-01,ecology;space,software"
        for number in range(ROWS)
    )
    content = "\n".join([HEADER, *rows])
    kafka = platform.state["kafka"]
    client = kafka["client"]
    address = KafkaAddress(
        kafka["bootstrap_servers"],
        client["security_protocol"],
        username=client["sasl_plain_username"],
        password=client["sasl_plain_password"],
    )
    consumer = AIOKafkaConsumer(STREAM, **address.aiokafka(), auto_offset_reset="latest")
    await consumer.start()
    try:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        begun = time.monotonic()
        sending = asyncio.create_task(_send(platform, content))
        heard = 0
        async with asyncio.timeout(WAIT_SECONDS):
            while heard < ROWS:
                found = await consumer.getmany(timeout_ms=1000)
                heard += sum(map(len, found.values()))
        first = time.monotonic() - begun
        assert (await sending)["joined"] == ROWS
    finally:
        await consumer.stop()
    begun = time.monotonic()
    assert (await _send(platform, content))["already_members"] == ROWS
    return first, time.monotonic() - begun


async def _send(platform: Up, content: str) -> dict[str, int]:
    """The report, once the whole file is done."""
    url = platform.state["services"]["members"]["url"]
    headers = platform.tokens().headers(uuid4(), "team")
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=WAIT_SECONDS, trust_env=False) as http:
        answer = await http.post("/api/members/v1/imports", files={"file": ("members.csv", content)})
        while answer.raise_for_status().json()["state"] != "done":
            await asyncio.sleep(0.2)  # it took longer than a person waits
            answer = await http.get(f"/api/members/v1/imports/{answer.json()['import_id']}", params={"limit": 1})
        found: dict[str, int] = answer.json()
        return found
