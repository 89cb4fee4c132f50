"""A request that met another transaction's locks is run again whole, three times at most, with its body."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Form, Request, UploadFile
from pydantic import BaseModel

from chassis import problems
from chassis.database import Conflict, Outage
from chassis.retrying import RetryingRoute

router = APIRouter(route_class=RetryingRoute)
tries: list[str] = []


class Letter(BaseModel):
    text: str


def meet(text: str) -> None:
    """`3 conflicts` meets three and then gets through."""
    tries.append(text)
    count, _, what = text.partition(" ")
    if len(tries) <= int(count):
        raise Conflict if what == "conflicts" else Outage


@router.post("/api/json")
async def by_json(letter: Letter) -> str:
    meet(letter.text)
    return letter.text


@router.post("/api/form")
async def by_form(request: Request, text: Annotated[str, Form()]) -> str:
    meet(text)
    return f"{text} {len(await request.body())}"


@router.post("/api/file")
async def by_file(file: UploadFile) -> str:
    text = (await file.read()).decode()
    meet(text)
    return text


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    tries.clear()
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gse") as client:
        yield client


async def test_three_conflicts_in_a_row_are_not_seen_by_anybody(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/json", json={"text": "3 conflicts"})
    assert (answer.status_code, answer.json()) == (200, "3 conflicts")
    assert tries == ["3 conflicts"] * 4


async def test_a_fourth_conflict_is_503_with_a_time_to_ask_again(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/json", json={"text": "4 conflicts"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert tries == ["4 conflicts"] * 4


async def test_an_outage_is_503_at_once(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/json", json={"text": "1 outage"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert tries == ["1 outage"]


async def test_a_form_is_read_anew_each_time_and_its_bytes_stay_readable(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/form", data={"text": "2 conflicts"})
    assert (answer.status_code, answer.json()) == (200, "2 conflicts 16")
    assert tries == ["2 conflicts"] * 3


async def test_a_file_is_read_anew_each_time(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/file", files={"file": b"2 conflicts"})
    assert (answer.status_code, answer.json()) == (200, "2 conflicts")
    assert tries == ["2 conflicts"] * 3
