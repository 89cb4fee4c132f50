"""An import of 2,000 people, and all four services are killed in the middle of it, one after the other."""

import asyncio
from collections import Counter

import pytest
from house import House
from people import as_file, planted

from contracts.streams import SERVICES
from testkit.eventually import eventually
from testkit.records import Record, read_all

PEOPLE = 2000
# How many are known to each service when it is killed: not to all four at the same instant.
VISIBLE = {"members": 300, "mentoring": 400, "events": 500, "notifications": 600}
CONVERSATIONS = 32  # that notifications holds at once


async def _members(house: House, service: str) -> int:
    try:
        return (await house.counts(service))["members"]
    except Exception:  # noqa: BLE001 - it has just been killed
        return 0


async def _kill_in_the_midst(house: House, service: str, before: int, visible: int) -> None:
    async def is_in_the_midst() -> bool:
        return await _members(house, service) >= before + visible

    await eventually(is_in_the_midst, timeout=120, every=0.02)
    assert await _members(house, service) < before + PEOPLE, f"{service} was killed too late to matter"
    house.kill(service)


@pytest.mark.timeout(300)
async def test_everyone_is_known_once_and_welcomed_at_most_once(house: House) -> None:
    people = planted(PEOPLE)
    before = {service: await house.counts(service) for service in SERVICES}

    async def send() -> None:
        # The answer may be lost with the service that owed it; the import goes on by itself.
        await house.send_import(as_file(people))

    sending = asyncio.create_task(send())
    await asyncio.gather(
        *(
            _kill_in_the_midst(house, service, before[service]["members"], visible)
            for service, visible in VISIBLE.items()
        )
    )
    await asyncio.gather(sending, return_exceptions=True)

    async def settled() -> bool:
        if not await house.is_level():
            return False
        counts = [await house.counts(service) for service in SERVICES]
        known = all(
            its["members"] - before[name]["members"] == PEOPLE for its, name in zip(counts, SERVICES, strict=True)
        )
        return known and not sum(counts[3][state] for state in ("waiting", "due", "sending"))

    await eventually(settled, timeout=180, every=0.5)

    mine = {its.email for its in people}
    mails = [its for its in await house.mails() if its["to"] in mine]
    unknown = (await house.counts("notifications"))["unknown"] - before["notifications"]["unknown"]
    assert len({its["message_id"] for its in mails}) == len(mails), "a Message-ID went out twice"
    assert len({its["to"] for its in mails}) == len(mails), "somebody was welcomed twice"
    assert unknown <= CONVERSATIONS
    sent = (await house.counts("notifications"))["sent"] - before["notifications"]["sent"]
    assert sent + unknown == PEOPLE
    assert sent <= len(mails) <= PEOPLE  # what is unknown may have arrived


async def test_the_streams_have_no_hole_and_no_name(house: House) -> None:
    """After all the kills above: as a plain consumer sees it, with nothing of ours."""
    people = planted(200)
    await house.send_import(as_file(people))
    await house.level()

    for stream in ("gse.members", "gse.members.public"):
        for subject, numbers in _numbers(await read_all(house.kafka, f"{house.prefix}{stream}")).items():
            assert numbers == list(range(1, len(numbers) + 1)), (stream, subject)
    for stream in ("gse.members", "gse.members.public", "gse.mentoring", "gse.mentoring.public", "gse.events",
                   "gse.events.public", "gse.notifications", "gse.notifications.public"):  # fmt: skip
        for record in await read_all(house.kafka, f"{house.prefix}{stream}"):
            everything = b"".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)])
            assert b"planted" not in everything.lower()
    contacts = await read_all(house.kafka, f"{house.prefix}gse.members.contacts")
    found = Counter(record.json()["email"] for record in contacts if record.value)
    assert all(found[its.email] >= 1 for its in people)


def _numbers(records: list[Record]) -> dict[bytes | None, list[int]]:
    """The numbers of each subject in the order of their first appearance; repeats are the relay's right."""
    seen: dict[bytes | None, list[int]] = {}
    for record in records:
        number, of_subject = int(record.header("ce_sequence") or 0), seen.setdefault(record.key, [])
        if number not in of_subject:
            of_subject.append(number)
    return seen
