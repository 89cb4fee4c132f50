"""Erasing over HTTP, on the real database and broker, also while the member does something else."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from members.imports import store as import_store
from members.imports.file import Row
from members.imports.store import Settled
from members.membership import store
from members.roles import store as role_store
from members.roles.domain import Grant
from members.signing_in import account_store, session_store
from members.signing_in.session_store import Session
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.records import Record, read_all

SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]
MEMBERS: Final = "/api/members/v1/members"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
ROUNDS: Final = int(os.environ.get("GSE_RACE_ROUNDS", "50"))


def somebody(word: str = "") -> dict[str, Any]:
    word = word or uuid4().hex
    return {"name": f"Ada {word}", "email": f"{word}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}


async def joined(client: AsyncClient, word: str = "") -> str:
    answer = await client.post(MEMBERS, json=somebody(word), headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"])


async def signed_up(running: FastAPI, member_id: str, subject: str) -> UUID:
    """An account of the department's provider that leads to the member, with a session, and roles for both."""
    account_id = uuid4()
    async with running.state.running.database.transaction() as tx:
        await account_store.add(tx, account_id, "https://provider.example", subject)
        await account_store.grant(tx, account_id, [Grant("volunteer")])
        await account_store.link(tx, account_id, UUID(member_id))
        await role_store.add(tx, UUID(member_id), Grant("scheme-lead"), by=uuid4())
        await session_store.add(tx, uuid4().hex, Session(account_id, "csrf", None))
    return account_id


async def found(running: FastAPI, *words: str) -> list[str]:
    """The tables of members with a row that holds one of these words."""
    tables = []
    async with running.state.running.database.transaction() as tx:
        names = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names:
            sql = f"SELECT count(*) FROM {name} AS its WHERE its::text ~* $1"  # noqa: S608 - a table of ours
            if await tx.fetchval(sql, "|".join(words)):
                tables.append(name)
    return sorted(tables)


def problem(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_an_erased_member_is_nowhere_in_members_but_as_a_bare_id(
    client: AsyncClient, running: FastAPI, signed_in: SignIn, said: Said
) -> None:
    word, subject = f"planted{uuid4().hex}", f"pseudonym-{uuid4().hex}"
    member_id = await joined(client, word)
    account_id = await signed_up(running, member_id, subject)
    await eventually(lambda: _sent(running, member_id), timeout=20)
    assert await found(running, word, subject) == ["account", "member"]
    assert await found(running, str(account_id)) == ["account", "role_grant", "session"]

    answer = await client.post(f"{MEMBERS}/{member_id}/erasure", headers=signed_in("member", member_id=member_id))

    its = answer.json()
    assert (answer.status_code, its["completed_at"], its["late"]) == (202, None, [])
    assert [receipt["service"] for receipt in its["receipts"]] == ["members"]
    assert datetime.fromisoformat(its["due_at"]) - datetime.fromisoformat(its["requested_at"]) == timedelta(hours=24)
    await eventually(lambda: _sent(running, member_id), timeout=20)
    assert await found(running, word, subject, str(account_id)) == []
    assert [name for name, _ in await said(member_id)] == [
        "MemberJoined",
        "RoleRevoked",
        "MemberErasureRequested",
        "MemberDataErased",
    ]
    holding = await found(running, member_id)
    assert [name for name in holding if not name.startswith("event_log")] == [
        "erased_member",
        "erasure",
        "erasure_receipt",
        "idempotency_key",
        "subject_counter",
        "withdrawn_contact",
    ]


async def _sent(running: FastAPI, member_id: str) -> bool:
    async with running.state.running.database.transaction() as tx:
        waiting = await tx.fetchval("SELECT count(*) FROM outbox WHERE subject = $1", UUID(member_id))
    return bool(waiting == 0)


async def test_no_hash_of_what_an_erased_member_sent_stays_and_a_late_repeat_makes_nobody(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    form, key = somebody(), {"Idempotency-Key": str(uuid4())}
    member_id = (await client.post(MEMBERS, json=form, headers=key)).json()["member_id"]
    asking = signed_in("team") | {"Idempotency-Key": str(uuid4())}
    first = await client.post(f"{MEMBERS}/{member_id}/erasure", headers=asking)

    again = await client.post(f"{MEMBERS}/{member_id}/erasure", headers=asking)
    late = await client.post(MEMBERS, json=form, headers=key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["requested_at"] == first.json()["requested_at"]
    assert problem(late) == (422, "/problems/idempotency-key-reused")
    async with running.state.running.database.transaction() as tx:
        kept = await tx.fetch(
            "SELECT length(fingerprint) FROM idempotency_key WHERE resource_id = $1 ORDER BY 1", UUID(member_id)
        )
    assert [length for (length,) in kept] == [0, 32], "that of the joining is gone, that of the erasure stays"


async def test_a_report_of_an_import_names_an_erased_member_no_more(
    client: AsyncClient, signed_in: SignIn, running: FastAPI
) -> None:
    row = f"Ben Okafor,{uuid4().hex}@metoffice.example,Met Office,EO,2016-03-01,,"
    content = f"name,email,organisation,grade,joined_on,interests,skills\n{row}\n".encode()
    sent = await client.post(
        "/api/members/v1/imports", files={"file": ("members.csv", content, "text/csv")}, headers=signed_in("team")
    )
    member_id = sent.json()["report"][0]["member_id"]

    await client.post(f"{MEMBERS}/{member_id}/erasure", headers=signed_in("team"))

    report = await client.get(f"/api/members/v1/imports/{sent.json()['import_id']}", headers=signed_in("team"))
    assert [(row["outcome"], row["member_id"]) for row in report.json()["report"]] == [("joined", None)]


async def test_every_other_address_of_an_erased_member_is_not_found(client: AsyncClient, signed_in: SignIn) -> None:
    member_id, team = await joined(client), signed_in("team")
    await client.post(f"{MEMBERS}/{member_id}/erasure", headers=team)

    answers = [
        await client.get(f"{MEMBERS}/{member_id}", headers=team),
        await client.post(f"{MEMBERS}/{member_id}/grade-changes", json={"grade": "G7"}, headers=team),
        await client.post(
            f"{MEMBERS}/{member_id}/transfers", json={"organisation": "Defra", "grade": "G7"}, headers=team
        ),
        await client.post(f"{MEMBERS}/{member_id}/contact-changes", json={"name": "Ada King"}, headers=team),
        await client.post(f"{MEMBERS}/{member_id}/departures", headers=team),
    ]

    assert [problem(answer) for answer in answers] == [(404, "/problems/not-found")] * 5
    shown = await client.get(f"{MEMBERS}/{member_id}/erasure", headers=signed_in("member", member_id=member_id))
    assert (shown.status_code, shown.json()["member_id"]) == (200, member_id)


async def test_who_left_is_erased_too_and_the_contact_is_taken_back_once_more(
    client: AsyncClient, signed_in: SignIn, said: Said, kafka: KafkaAddress, topics: str
) -> None:
    member_id, team = await joined(client), signed_in("team")
    await client.post(f"{MEMBERS}/{member_id}/departures", headers=team)

    assert (await client.post(f"{MEMBERS}/{member_id}/erasure", headers=team)).status_code == 202
    assert (await client.get(f"{MEMBERS}/{member_id}", headers=team)).status_code == 404
    names = [name for name, _ in await said(member_id)]
    assert names == ["MemberJoined", "MemberLeft", "MemberErasureRequested", "MemberDataErased"]

    async def taken_back() -> list[Record]:
        records = await read_all(kafka, f"{topics}gse.members.contacts")
        mine = [its for its in records if its.key == member_id.encode() and its.value is None]
        return mine if len(mine) == 2 else []

    assert [its.header("ce_sequence") for its in await eventually(taken_back, timeout=20)] == ["2", "3"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_only_the_member_and_the_team_may_ask_for_an_erasure_or_after_it(
    client: AsyncClient, signed_in: SignIn, method: str
) -> None:
    member_id = await joined(client)
    callers = [
        ({}, 401),
        (signed_in("hosep", organisation="UKHSA"), 404),
        (signed_in("member", member_id=NOBODY), 404),
        (signed_in("operator"), 404),
    ]

    for headers, status in callers:
        assert (await client.request(method, f"{MEMBERS}/{member_id}/erasure", headers=headers)).status_code == status
    nobody = await client.request(method, f"{MEMBERS}/{NOBODY}/erasure", headers=signed_in("team"))
    assert problem(nobody) == (404, "/problems/not-found")
    assert (await client.get(f"{MEMBERS}/{member_id}", headers=signed_in("team"))).status_code == 200


async def test_two_requests_in_the_same_instant_are_one_erasure(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    member_id = await joined(client)

    answers = await asyncio.gather(
        *(client.post(f"{MEMBERS}/{member_id}/erasure", headers=signed_in("team")) for _ in range(4))
    )

    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.text for answer in answers}) == 1
    assert [name for name, _ in await said(member_id)].count("MemberErasureRequested") == 1


async def test_whatever_a_member_does_in_the_instant_of_their_erasure_brings_nothing_back(
    client: AsyncClient, running: FastAPI, signed_in: SignIn, said: Said
) -> None:
    """Changes of grade and contact, leaving and signing in: each before the erasure, or refused after it."""
    team, answers = signed_in("team"), list[int]()
    ahead = 0.0  # seconds that the change starts before the erasure: towards where neither is first for certain
    changes: list[tuple[str, dict[str, str]]] = [
        ("grade-changes", {"grade": "G7"}),
        ("contact-changes", {"name": "Ada King"}),
        ("departures", {}),
    ]
    for number in range(ROUNDS):
        member_id = await joined(client)
        path, form = changes[number % 3]

        async def change(member_id: str = member_id, path: str = path, form: Any = form, late: float = -ahead) -> None:
            await asyncio.sleep(random.uniform(0, 0.006) + max(late, 0))
            answers.append((await client.post(f"{MEMBERS}/{member_id}/{path}", json=form, headers=team)).status_code)

        async def sign_in(member_id: str = member_id) -> None:
            await asyncio.sleep(random.uniform(0, 0.006))
            async with running.state.running.database.transaction() as tx:
                account_id = uuid4()
                await account_store.add(tx, account_id, "https://provider.example", f"racing-{member_id}")
                if await store.lock_present(tx, UUID(member_id), None) is not None:
                    await account_store.link(tx, account_id, UUID(member_id))

        async def erase(member_id: str = member_id, late: float = ahead) -> None:
            await asyncio.sleep(random.uniform(0, 0.006) + max(late, 0))
            await client.post(f"{MEMBERS}/{member_id}/erasure", headers=team)

        await asyncio.gather(change(), sign_in(), erase())
        ahead += 0.002 if answers[-1] == 404 else -0.002

        async with running.state.running.database.transaction() as tx:
            linked = await tx.fetchval("SELECT count(*) FROM account WHERE member_id = $1", UUID(member_id))
            present = await store.by_id(tx, UUID(member_id))
        assert (linked, present) == (0, None)
        names = [name for name, _ in await said(member_id)]
        assert names[-2:] == ["MemberErasureRequested", "MemberDataErased"]
    assert set(answers) == {200, 404}, "they never met in both orders"


async def test_an_import_that_meets_the_erasure_of_somebody_in_its_file_names_them_no_more(
    client: AsyncClient, running: FastAPI, signed_in: SignIn, waits_for_a_lock: Callable[[], Awaitable[bool]]
) -> None:
    """The import has found them a member already, and settles their row when the erasure has begun."""
    database, import_id, word = running.state.running.database, uuid4(), uuid4().hex
    member_id, email = await joined(client, word), somebody(word)["email"]

    async with database.transaction() as tx:
        await import_store.begin(tx, import_id, account_id=uuid4(), organisation=None, rows=[Row(2, {"email": email})])
        found_id, _ = (await store.hold_by_email(tx, [email]))[email]
        erasure = asyncio.ensure_future(client.post(f"{MEMBERS}/{member_id}/erasure", headers=signed_in("team")))
        await eventually(waits_for_a_lock)
        await import_store.settle(tx, import_id, [Settled(2, "already-a-member", found_id)])
        await import_store.finish(tx, import_id)
    assert (await erasure).status_code == 202

    async with database.transaction() as tx:
        assert [its.member_id for its in await import_store.settled(tx, import_id, after=0, limit=9)] == [None]
