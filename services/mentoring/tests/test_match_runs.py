"""Matching and publishing over HTTP, on the real database and broker, also while members leave."""

import asyncio
import json
import os
import random
from asyncio import timeout
from collections.abc import Callable, Coroutine
from typing import Final
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said, what_was_said
from contracts.base import Code
from contracts.members import Grade, GradeBand, MemberTransferred
from mentoring.app import MEMBERS
from testkit.addresses import KafkaAddress
from testkit.examples import erasure_requested, joined, left

SignIn = Callable[..., dict[str, str]]
Go = Callable[..., Coroutine[None, None, None]]
ROUNDS: Final = int(os.environ.get("GSE_RACE_ROUNDS", "50"))
HERE = "/api/mentoring/v1"
FORM = {"title": "GSE Connect", "summary": "Peers help each other forward.", "link": "https://gse.example/connect"}


async def join(running: FastAPI, organisation: Code = "UKHSA") -> UUID:
    member_id = uuid4()
    joining = joined(member_id).model_copy(update={"organisation": organisation})
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(joining, 1))
    return member_id


async def leave(running: FastAPI, *members: UUID) -> None:
    departures = [said(left(member_id), 2) for member_id in members]
    await deliver(running.state.running.database, "mentoring", MEMBERS, *departures)


async def be_erased(running: FastAPI, *members: UUID) -> None:
    requests = [said(erasure_requested(member_id), 2) for member_id in members]
    await deliver(running.state.running.database, "mentoring", MEMBERS, *requests)


async def opened(client: AsyncClient, signed_in: SignIn) -> str:
    """The address of a new open scheme."""
    made = await client.post(f"{HERE}/schemes", json=FORM, headers=signed_in("scheme-lead"))
    return f"{HERE}/schemes/{made.json()['scheme_id']}"


async def enrol(
    client: AsyncClient, signed_in: SignIn, scheme: str, member_id: UUID, *, offers: str = "", seeks: str = ""
) -> str:
    """The address of a member's new enrolment."""
    wishes = {"attestation": True, "offers": offers.split(), "seeks": seeks.split()}
    enrolled = await client.post(f"{scheme}/enrolments", json=wishes, headers=signed_in("member", member_id=member_id))
    assert enrolled.status_code == 201
    return f"{scheme}/enrolments/{enrolled.json()['enrolment_id']}"


async def two_who_match(running: FastAPI, client: AsyncClient, signed_in: SignIn, scheme: str) -> tuple[UUID, UUID]:
    """The lower id first."""
    first, second = sorted([await join(running, "UKHSA"), await join(running, "DEFRA")])
    await enrol(client, signed_in, scheme, first, offers="Python", seeks="writing")
    await enrol(client, signed_in, scheme, second, offers="writing", seeks="python")
    return first, second


async def matched(client: AsyncClient, signed_in: SignIn, scheme: str) -> str:
    """The address of a new match run."""
    run = await client.post(f"{scheme}/match-runs", headers=signed_in("scheme-lead"))
    assert run.status_code == 201
    return f"{HERE}/match-runs/{run.json()['run_id']}"


async def at_once(number: int, *both: Coroutine[None, None, None]) -> None:
    """Two things together, so that now one is first, now the other: each in turn begins a moment late."""

    async def begin(place: int, doing: Coroutine[None, None, None]) -> None:
        await asyncio.sleep(random.uniform(0, 0.02) if number // 2 % 2 == place else 0)
        await doing

    await asyncio.gather(*(begin(place, doing) for place, doing in enumerate(both)))


async def test_a_run_proposes_pairs_with_reasons_and_says_nothing(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    first, second = await two_who_match(running, client, signed_in, scheme)
    third = await join(running)
    await enrol(client, signed_in, scheme, third)
    key = {**signed_in("scheme-lead"), "Idempotency-Key": "match"}

    run = await client.post(f"{scheme}/match-runs", headers=key)
    repeat = await client.post(f"{scheme}/match-runs", headers=key)
    shown = await client.get(f"{HERE}/match-runs/{run.json()['run_id']}", headers=signed_in("team"))

    body = run.json()
    assert (run.status_code, repeat.json(), shown.json()) == (201, body, body)
    assert body["published_at"] is None
    pairs = [{**pair, "pair_id": "…"} for pair in body["pairs"]]
    assert pairs == [
        {
            "pair_id": "…",
            "first": str(first),
            "second": str(second),
            "score": 26,
            "reasons": [
                "The first offers 1 of the skills that the second seeks.",
                "The second offers 1 of the skills that the first seeks.",
                "Their grades are the same.",
                "They work for different organisations.",
            ],
        }
    ]
    assert body["unmatched"] == [str(third)]
    assert await what_was_said(running.state.running.database, body["run_id"], body["pairs"][0]["pair_id"]) == []


async def test_publishing_says_each_pair_and_the_run_without_its_scheme_and_a_second_time_changes_nothing(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    first, second = await two_who_match(running, client, signed_in, scheme)
    run = await matched(client, signed_in, scheme)

    once = await client.post(f"{run}/publish", headers=signed_in("scheme-lead"))
    twice = await client.post(f"{run}/publish", headers=signed_in("team"))

    body = once.json()
    assert (once.status_code, twice.status_code, twice.json()) == (200, 200, body)
    pair_id = body["pairs"][0]["pair_id"]
    created = {"pair_id": pair_id, "first_member_id": str(first), "second_member_id": str(second)}
    assert await what_was_said(running.state.running.database, pair_id, body["run_id"]) == [
        ("MentoringPairCreated", created),
        ("MatchRunCompleted", {"run_id": body["run_id"], "published_at": body["published_at"]}),
    ]


async def test_other_departments_hear_that_a_run_was_published_and_nothing_of_its_pairs(
    running: FastAPI, client: AsyncClient, signed_in: SignIn, kafka: KafkaAddress, prefix: str
) -> None:
    scheme = await opened(client, signed_in)
    members = await two_who_match(running, client, signed_in, scheme)
    run = await matched(client, signed_in, scheme)
    published = (await client.post(f"{run}/publish", headers=signed_in("team"))).json()

    heard: list[bytes] = []
    topic = f"{prefix}gse.mentoring.public"
    async with AIOKafkaConsumer(topic, **kafka.aiokafka(), auto_offset_reset="earliest") as consumer, timeout(30):
        while not heard or published["run_id"].encode() not in heard[-1]:
            heard.append((await consumer.getone()).value)

    completed = {"run_id": published["run_id"], "published_at": published["published_at"]}
    assert json.loads(heard[-1]) == completed
    secret = [published["pairs"][0]["pair_id"], *map(str, members)]
    assert [body for body in heard if any(its.encode() in body for its in secret)] == []


async def test_matching_is_for_scheme_leads_and_the_team_alone(client: AsyncClient, signed_in: SignIn) -> None:
    scheme = await opened(client, signed_in)
    run = await matched(client, signed_in, scheme)
    member = signed_in("member", member_id=uuid4())

    answers = [
        await client.post(f"{scheme}/match-runs", headers=member),
        await client.get(run, headers=member),
        await client.post(f"{run}/publish", headers=member),
        await client.get(run),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 401]


async def test_a_run_that_is_not_there_is_not_found(client: AsyncClient, signed_in: SignIn) -> None:
    lost = f"{HERE}/match-runs/{uuid4()}"

    shown = await client.get(lost, headers=signed_in("team"))
    published = await client.post(f"{lost}/publish", headers=signed_in("team"))

    assert (shown.status_code, shown.json()["type"]) == (404, "/problems/no-match-run")
    assert (published.status_code, published.json()["type"]) == (404, "/problems/no-match-run")


async def test_who_left_after_the_run_is_forgotten_by_it_and_in_no_pair(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    first, second = await two_who_match(running, client, signed_in, scheme)
    run = await matched(client, signed_in, scheme)

    await leave(running, second)
    published = await client.post(f"{run}/publish", headers=signed_in("scheme-lead"))

    assert (published.json()["pairs"], published.json()["unmatched"]) == ([], [str(first)])


async def test_colleagues_since_the_run_are_not_paired(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    first, second = await two_who_match(running, client, signed_in, scheme)
    run = await matched(client, signed_in, scheme)
    for member_id in (first, second):
        moved = MemberTransferred(
            member_id=member_id, organisation="MOD", grade_band=GradeBand.HEO_SEO, grade=Grade.HEO
        )
        await deliver(running.state.running.database, "mentoring", MEMBERS, said(moved, 2))

    published = await client.post(f"{run}/publish", headers=signed_in("scheme-lead"))

    assert (published.json()["pairs"], published.json()["unmatched"]) == ([], [str(first), str(second)])


async def test_two_runs_published_at_once_pair_nobody_twice(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    await two_who_match(running, client, signed_in, scheme)
    runs = [await matched(client, signed_in, scheme) for _ in range(4)]

    published = await asyncio.gather(*(client.post(f"{run}/publish", headers=signed_in("scheme-lead")) for run in runs))

    assert [answer.status_code for answer in published] == [200, 200, 200, 200]
    assert sorted(len(answer.json()["pairs"]) for answer in published) == [0, 0, 0, 1]


async def test_withdrawing_ends_the_pair_of_that_scheme_and_the_other_member_waits_again(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme, other_scheme = await opened(client, signed_in), await opened(client, signed_in)
    first, second = sorted([await join(running, "UKHSA"), await join(running, "DEFRA")])
    enrolments = [
        await enrol(client, signed_in, place, member_id)
        for place in (scheme, other_scheme)
        for member_id in (first, second)
    ]
    runs = [await matched(client, signed_in, place) for place in (scheme, other_scheme)]
    pairs = [
        (await client.post(f"{run}/publish", headers=signed_in("team"))).json()["pairs"][0]["pair_id"] for run in runs
    ]

    withdrawn = await client.delete(enrolments[0], headers=signed_in("member", member_id=first))

    assert withdrawn.status_code == 204
    names = [name for name, _ in await what_was_said(running.state.running.database, pairs[0])]
    assert names == ["MentoringPairCreated", "MentoringPairEnded"]
    names = [name for name, _ in await what_was_said(running.state.running.database, pairs[1])]
    assert names == ["MentoringPairCreated"]
    rerun = await client.post(f"{scheme}/match-runs", headers=signed_in("team"))
    assert (rerun.json()["pairs"], rerun.json()["unmatched"]) == ([], [str(second)])


@pytest.mark.parametrize("go", [leave, be_erased])
async def test_going_and_publishing_in_the_same_instant_never_leave_a_pair_of_who_is_gone(
    running: FastAPI, client: AsyncClient, signed_in: SignIn, go: Go
) -> None:
    """In every other round both members go. Either says nothing of a pair, or that it began and ended."""
    scheme, told = await opened(client, signed_in), set[tuple[str, ...]]()
    for number in range(ROUNDS):
        members = await two_who_match(running, client, signed_in, scheme)
        proposed = await client.post(f"{scheme}/match-runs", headers=signed_in("team"))
        run, pairs = proposed.json()["run_id"], [pair["pair_id"] for pair in proposed.json()["pairs"]]
        gone = members if number % 2 else members[:1]

        async def publish(run: str = run) -> None:
            answer = await client.post(f"{HERE}/match-runs/{run}/publish", headers=signed_in("team"))
            assert answer.status_code == 200

        await at_once(number, publish(), go(running, *gone))

        database = running.state.running.database
        names = tuple(name for name, _ in await what_was_said(database, *pairs))
        assert names in {(), ("MentoringPairCreated", "MentoringPairEnded")}
        told.add(names)
        shown = (await client.get(f"{HERE}/match-runs/{run}", headers=signed_in("team"))).json()
        assert shown["pairs"] == []
        assert {str(member_id) for member_id in gone}.isdisjoint(shown["unmatched"])
        await go(running, *(member_id for member_id in members if member_id not in gone))
    assert told == {(), ("MentoringPairCreated", "MentoringPairEnded")}, "the two never met in both orders"


@pytest.mark.parametrize("go", [leave, be_erased])
async def test_going_and_enrolling_in_the_same_instant_never_leave_an_enrolment_of_who_is_gone(
    running: FastAPI, client: AsyncClient, signed_in: SignIn, go: Go
) -> None:
    scheme, answers = await opened(client, signed_in), set[tuple[int, str]]()
    for number in range(ROUNDS):
        ada = await join(running)

        async def enrol_her(ada: UUID = ada) -> None:
            answer = await client.post(
                f"{scheme}/enrolments", json={"attestation": True}, headers=signed_in("member", member_id=ada)
            )
            answers.add((answer.status_code, answer.json().get("type", "")))

        await at_once(number, enrol_her(), go(running, ada))

    run = await client.post(f"{scheme}/match-runs", headers=signed_in("team"))
    async with running.state.running.database.transaction() as tx:
        enrolments = await tx.fetchval(
            """
            SELECT count(*) FROM enrolment JOIN profile USING (member_id)
            WHERE closed_at IS NOT NULL OR member_id IN (SELECT member_id FROM erased_member)"""
        )
    assert (enrolments, run.json()["unmatched"]) == (0, [])
    assert answers == {(201, ""), (409, "/problems/has-left")}, "the two never met in both orders"


async def test_an_erased_member_is_told_that_they_left_and_is_shown_to_nobody(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    """Also with a token that is still good, and not that they are to try again in a moment."""
    scheme, ada = await opened(client, signed_in), await join(running)
    await be_erased(running, ada)

    hers = signed_in("member", member_id=ada)
    enrolled = await client.post(f"{scheme}/enrolments", json={"attestation": True}, headers=hers)
    shown = await client.get(f"{HERE}/members/{ada}/profile", headers=hers)

    assert (enrolled.status_code, enrolled.json()["type"]) == (409, "/problems/has-left")
    assert (shown.status_code, shown.json()["type"]) == (404, "/problems/no-profile")
