"""Looks at what is there as people and services who may see it, and as those who may not: what each was shown."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

import httpx2
from aiokafka import AIOKafkaConsumer

from contracts.streams import SERVICES, STREAMS
from gse_platform.prove.facts import CONTACTS, Look, Row
from gse_platform.prove.house import House
from gse_platform.prove.people import ORGANISATIONS, Tokens

MEMBERS: Final = 3  # that are looked at, beside one who is restricted
# What there is of a member, and who may see it beside themselves and the central team.
ABOUT_A_MEMBER: Final = {
    "members": ("/api/members/v1/members/{}", {"hosep"}),
    "mentoring": ("/api/mentoring/v1/members/{}/profile", {"scheme-lead"}),
    "events": ("/api/events/v1/members/{}/invitee", set[str]()),
    "notifications": ("/api/notifications/v1/members/{}/inbox", set[str]()),
}
MEETINGS: Final = 3  # whose notes are looked at, first of groups in which somebody is
OPERATORS: Final = "/api/{}/v1/parked"
# Which streams of others a service may read, said here once more so that a slip in the deployment's table shows.
HEARS: Final[Mapping[str, set[str]]] = {
    "members": {"gse.mentoring", "gse.events", "gse.notifications"},
    "mentoring": {"gse.members"},
    "events": {"gse.members"},
    "notifications": {"gse.members", CONTACTS, "gse.mentoring", "gse.events"},
}


async def at_members(house: House, members: Sequence[Row], restricted: Sequence[Row]) -> list[Look]:
    """At some members who are present, as themselves, as heads of profession, leads and team, and as strangers.

    Their head of profession sees nothing of them while they are `restricted`.
    """
    tokens = Tokens.of(house.platform.keys.signing)
    hidden = {row["member_id"] for row in restricted}
    present = [row for row in members if row["left_on"] is None]
    looked_at = [row for row in present if row["member_id"] not in hidden][:MEMBERS]
    looked_at += [row for row in present if row["member_id"] in hidden][:1]
    looks = []
    async with httpx2.AsyncClient(base_url=house.platform.front_door, timeout=30, trust_env=False) as client:

        async def look(who: str, headers: Mapping[str, str], service: str, path: str, *, granted: bool) -> None:
            answer = await client.get(path, headers=headers)
            looks.append(Look(who, f"{path}, of {service}", granted, answer.is_success))

        for row in looked_at:
            theirs, elsewhere = row["organisation"], next(its for its in ORGANISATIONS if its != row["organisation"])
            callers = {
                "themselves": tokens.headers(uuid4(), "member", member_id=row["member_id"], organisation=theirs),
                "team": tokens.headers(uuid4(), "team"),
                "hosep": tokens.headers(uuid4(), "hosep", organisation=theirs),
                "hosep of another organisation": tokens.headers(uuid4(), "hosep", organisation=elsewhere),
                "scheme-lead": tokens.headers(uuid4(), "scheme-lead"),
                "another member": tokens.headers(
                    uuid4(), "member", member_id=_other(row, members), organisation=theirs
                ),
                "nobody": {},
            }
            for service, (path, roles) in ABOUT_A_MEMBER.items():
                for who, headers in callers.items():
                    granted = who in {"themselves", "team", *roles}
                    granted &= who != "hosep" or row["member_id"] not in hidden
                    await look(who, headers, service, path.format(row["member_id"]), granted=granted)
        for service in SERVICES:
            for role in ("operator", "member", "team"):
                granted = role == "operator"
                headers = tokens.headers(uuid4(), role)
                await look(role, headers, service, OPERATORS.format(service), granted=granted)
    return looks


async def at_notes(
    house: House, meetings: Sequence[Row], volunteers: Sequence[Row], members: Sequence[Row]
) -> list[Look]:
    """At what was written after some meetings: the team and who is in the group see it, others the meeting alone."""
    tokens, looks = Tokens.of(house.platform.keys.signing), list[Look]()
    inside: dict[str, set[str]] = {}
    for row in volunteers:
        if row["left_at"] is None:
            inside.setdefault(row["group_id"], set()).add(row["member_id"])
    with_notes = sorted((row for row in meetings if row["notes"]), key=lambda row: row["group_id"] not in inside)
    async with httpx2.AsyncClient(base_url=house.platform.front_door, timeout=30, trust_env=False) as client:
        for row in with_notes[:MEETINGS]:
            path = f"/api/members/v1/groups/{row['group_id']}/meetings/{row['meeting_id']}"
            there = inside.get(row["group_id"], set())
            elsewhere = [
                each["member_id"] for each in members if each["left_on"] is None and each["member_id"] not in there
            ]
            for who in (*sorted(there)[:MEMBERS], *elsewhere[:MEMBERS]):
                headers = tokens.headers(uuid4(), "member", "volunteer", member_id=who)
                looks.append(Look(who, f"notes at {path}", who in there, await _sees_notes(client, path, headers)))
            for role in ("team", "volunteer", "operator"):
                headers = tokens.headers(uuid4(), role)
                looks.append(Look(role, f"notes at {path}", role == "team", await _sees_notes(client, path, headers)))
            looks.append(Look("nobody", f"notes at {path}", granted=False, seen=await _sees_notes(client, path, {})))
    return looks


async def _sees_notes(client: httpx2.AsyncClient, path: str, headers: Mapping[str, str]) -> bool:
    answer = await client.get(path, headers=headers)
    return answer.is_success and answer.json()["notes"] is not None


async def at_streams(house: House) -> list[Look]:
    """At every stream, as each service: what Kafka tells it of."""
    found = await asyncio.gather(*(_told_of(house, service) for service in SERVICES))
    return [
        Look(service, stream.name, stream.service == service or stream.name in HEARS[service], stream.name in seen)
        for service, seen in zip(SERVICES, found, strict=True)
        for stream in STREAMS
    ]


async def _told_of(house: House, service: str) -> set[str]:
    """Which streams Kafka shows to a service; it shows none that may not be read or written."""
    its = house.environments[service]
    address = replace(house.operator, username=its["GSE_KAFKA_USERNAME"], password=its["GSE_KAFKA_PASSWORD"])
    kafka = AIOKafkaConsumer(**address.aiokafka(), enable_auto_commit=False)
    try:
        await kafka.start()
        return {topic.removeprefix(house.prefix) for topic in await kafka.topics() if topic.startswith(house.prefix)}
    finally:
        await kafka.stop()


def _other(row: Row, members: Sequence[Row]) -> str:
    """Another member's id, a made one where there is none."""
    return next((its["member_id"] for its in members if its["member_id"] != row["member_id"]), str(UUID(int=0)))
