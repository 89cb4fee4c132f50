"""The same POST twice does one thing: once, twice, at the same time, after a failure, and for somebody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI, Request, UploadFile
from pydantic import BaseModel

from chassis import idempotency, migrations, problems
from chassis.database import Database, connect
from chassis.identity import TokenKeys
from chassis.retrying import RetryingRoute
from chassis.testing import PUBLIC_KEYS, signed_in
from contracts.refusal import Refused
from testkit.databases import Databases
from testkit.eventually import eventually


class TooLate(Refused): ...


class Note(BaseModel):
    text: str


router = APIRouter(route_class=RetryingRoute)


async def kept(request: Request, key: idempotency.IdempotencyKey | None, text: str) -> dict[str, str]:
    note_id = uuid4()
    async with request.app.state.database.transaction() as tx:
        if earlier := await idempotency.claim(tx, key, resource_id=note_id, status=201):
            return {"note_id": str(earlier)}
        await tx.execute("INSERT INTO note (note_id, text) VALUES ($1, $2)", note_id, text)
        await request.app.state.may_go_on.wait()
        if text == request.app.state.refused:
            request.app.state.refused = ""
            raise TooLate("Notes are no longer taken.")
    return {"note_id": str(note_id)}


@router.post("/api/notes", status_code=201)
async def keep(request: Request, note: Note, key: idempotency.Key) -> dict[str, str]:
    return await kept(request, key, note.text)


@router.post("/api/books/{book}/notes", status_code=201)
async def keep_in_book(request: Request, book: str, note: Note, key: idempotency.Key) -> dict[str, str]:
    return await kept(request, key, note.text)


@router.post("/api/files", status_code=201)
async def keep_file(request: Request, file: UploadFile, key: idempotency.Key) -> dict[str, str]:
    return await kept(request, key, (await file.read()).decode())


async def build(url: str) -> None:
    await migrations.migrate(url, migrations.read("chassis", migrations.CHASSIS))
    store = await connect(url, size=2, name="build")
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE note (note_id uuid PRIMARY KEY, text text NOT NULL)")
    await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def store(databases: Databases) -> AsyncIterator[Database]:
    async with databases.lend("idempotency", build) as url:
        store = await connect(url, size=6, name="test")
        yield store
        await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def app(store: Database) -> FastAPI:
    app = FastAPI()
    app.state.token_keys = TokenKeys.of(PUBLIC_KEYS)
    app.state.database = store
    app.state.refused = ""
    app.state.may_go_on = asyncio.Event()
    app.state.may_go_on.set()
    problems.install(app)
    app.include_router(router)
    return app


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gse") as client:
        yield client


async def notes(store: Database) -> list[str]:
    async with store.transaction() as tx:
        return [row["text"] for row in await tx.fetch("SELECT text FROM note ORDER BY text")]


async def post(client: httpx2.AsyncClient, text: str, key: str | None, path: str = "/api/notes", **more: str) -> Any:
    headers = more | ({"Idempotency-Key": key} if key is not None else {})
    return await client.post(path, json={"text": text}, headers=headers)


async def test_a_repeat_gives_the_first_answer_and_does_nothing(client: httpx2.AsyncClient, store: Database) -> None:
    first, repeat = await post(client, "bees", "k1"), await post(client, "bees", "k1")
    assert (first.status_code, repeat.status_code) == (201, 201)
    assert repeat.json() == first.json()
    assert await notes(store) == ["bees"]


async def test_without_a_key_each_request_counts(client: httpx2.AsyncClient, store: Database) -> None:
    first, second = await post(client, "bees", None), await post(client, "bees", None)
    assert first.json() != second.json()
    assert await notes(store) == ["bees", "bees"]


async def test_the_same_key_with_another_body_is_refused(client: httpx2.AsyncClient, store: Database) -> None:
    await post(client, "bees", "k1")
    other = await post(client, "tides", "k1")
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert await notes(store) == ["bees"]


async def waiting(store: Database) -> int:
    """How many transactions wait for a copy of theirs to end."""
    async with store.transaction() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_copies_at_the_same_time_do_one_thing(client: httpx2.AsyncClient, app: FastAPI, store: Database) -> None:
    app.state.may_go_on.clear()
    copies = [asyncio.create_task(post(client, "bees", "k1")) for _ in range(4)]
    await eventually(lambda: waiting(store))
    app.state.may_go_on.set()
    answers = await asyncio.gather(*copies)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["note_id"] for answer in answers}) == 1
    assert await notes(store) == ["bees"]


async def test_a_copy_that_waited_for_one_that_failed_is_the_first(
    client: httpx2.AsyncClient, app: FastAPI, store: Database
) -> None:
    app.state.refused = "once"
    app.state.may_go_on.clear()
    copies = [asyncio.create_task(post(client, "once", "k1")) for _ in range(2)]
    await eventually(lambda: waiting(store))
    app.state.may_go_on.set()
    assert sorted([(await copy).status_code for copy in copies]) == [201, 409]
    assert await notes(store) == ["once"]


async def test_a_refused_request_leaves_its_key_free(client: httpx2.AsyncClient, app: FastAPI, store: Database) -> None:
    app.state.refused = "bees"
    assert (await post(client, "bees", "k1")).status_code == 409
    assert (await post(client, "bees", "k1")).status_code == 201
    assert await notes(store) == ["bees"]


async def test_a_key_belongs_to_its_caller_and_its_address(client: httpx2.AsyncClient, store: Database) -> None:
    ada, eve = signed_in(), signed_in()
    answers = [
        await post(client, "bees", "k1"),
        await post(client, "bees", "k1", **ada),
        await post(client, "bees", "k1", **eve),
        await post(client, "bees", "k1", "/api/books/one/notes", **eve),
        await post(client, "bees", "k1", "/api/books/two/notes", **eve),
    ]
    assert len({answer.json()["note_id"] for answer in answers}) == 5
    assert (await post(client, "bees", "k1", **ada)).json() == answers[1].json()


async def test_an_upload_is_the_same_upload_under_another_boundary(client: httpx2.AsyncClient, store: Database) -> None:
    key = {"Idempotency-Key": "k1"}
    first, repeat = [await client.post("/api/files", files={"file": b"bees"}, headers=key) for _ in range(2)]
    assert first.request.headers["content-type"] != repeat.request.headers["content-type"]
    assert (first.status_code, repeat.json()) == (201, first.json())
    other = await client.post("/api/files", files={"file": b"tides"}, headers=key)
    assert other.status_code == 422
    assert await notes(store) == ["bees"]


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
async def test_a_key_that_is_none_is_refused(client: httpx2.AsyncClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = await client.post("/api/notes", json={"text": "bees"}, headers=httpx2.Headers(headers))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_key_is_kept_for_a_day_and_holds_neither_itself_nor_the_body(
    client: httpx2.AsyncClient, store: Database
) -> None:
    note_id = UUID((await post(client, "bees", "k1")).json()["note_id"])
    async with store.transaction() as tx:
        row = await tx.fetchrow("SELECT *, expires_at - now() AS rest FROM idempotency_key")
    assert row is not None
    assert (len(row["key"]), len(row["fingerprint"]), row["status"], row["resource_id"]) == (32, 32, 201, note_id)
    assert timedelta(hours=23, minutes=59) < row["rest"] <= timedelta(hours=24)


async def test_what_is_over_is_forgotten_and_may_be_used_again(client: httpx2.AsyncClient, store: Database) -> None:
    await post(client, "bees", "k1")
    await post(client, "bees", "k2")
    async with store.transaction() as tx:
        await tx.execute("UPDATE idempotency_key SET expires_at = expires_at - interval '24 hours'")
    assert (await post(client, "tides", "k1")).status_code == 201
    async with store.transaction() as tx:
        assert await idempotency.forget_expired(tx, datetime.now(UTC)) == 1
        assert await tx.fetchval("SELECT count(*) FROM idempotency_key") == 1
    assert await notes(store) == ["bees", "bees", "tides"]


async def test_what_was_sent_can_be_forgotten_and_the_key_stays_taken(store: Database) -> None:
    note_id, own = uuid4(), idempotency.IdempotencyKey(b"the present one", b"its body")
    first = idempotency.IdempotencyKey(b"the one that made it", b"somebody's words")
    async with store.transaction() as tx:
        assert await idempotency.claim(tx, first, resource_id=note_id, status=201) is None
        assert await idempotency.claim(tx, own, resource_id=note_id, status=202) is None

        await idempotency.forget_what_was_sent(tx, note_id, but=own)

        assert await idempotency.claim(tx, own, resource_id=note_id, status=202) == note_id
        with pytest.raises(idempotency.IdempotencyKeyReused):
            await idempotency.claim(tx, first, resource_id=note_id, status=201)
