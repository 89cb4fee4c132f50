"""Tokens over HTTP: one for each member and round, and one answer for each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import signed_in
from members.feedback.answering import LONGEST

API = "/api/members/v1"
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
Do = Callable[..., Awaitable[Any]]


async def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_a_member_has_one_token_and_it_has_one_answer(client: AsyncClient, ask: Do, join: Do) -> None:
    its = f"{API}/feedback-rounds/{await ask()}"
    _, member = await join()

    tokens = await asyncio.gather(*(client.post(f"{its}/tokens", headers=member) for _ in range(3)))
    [token] = [each.json()["token"] for each in tokens if each.status_code == 201]
    form = {"token": token, "rating": "well", "groups": ["EO"], "comment": "Fine."}
    answers = await asyncio.gather(*(client.post(f"{its}/answers", json=form) for _ in range(3)))

    assert sorted(each.status_code for each in tokens) == [201, 409, 409]
    assert {each.json()["type"] for each in tokens if each.status_code == 409} == {"/problems/token-taken"}
    assert sorted(each.status_code for each in answers) == [204, 409, 409]
    assert {each.json()["type"] for each in answers if each.status_code == 409} == {"/problems/token-used"}


async def test_a_token_of_another_round_is_refused_and_stays_good_for_its_own(
    client: AsyncClient, ask: Do, take: Do
) -> None:
    own, other = await ask(), await ask()
    token = await take(own)
    form = {"token": token, "rating": "well"}

    refused = await client.post(f"{API}/feedback-rounds/{other}/answers", json=form)
    given = await client.post(f"{API}/feedback-rounds/{own}/answers", json=form)

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["token"]
    assert token not in refused.text
    assert given.status_code == 204


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"token": "abcd"}, "token"),
        ({"rating": "great"}, "rating"),
        ({"groups": ["MOD"]}, "groups"),
        ({"comment": "x" * (LONGEST + 1)}, "comment"),
        ({"comment": "a\x00b"}, "comment"),
    ],
)
async def test_an_answer_that_cannot_be_meant_is_named_at_its_field_and_leaves_the_token_good(
    client: AsyncClient, ask: Do, take: Do, more: dict[str, Any], field: str
) -> None:
    its = f"{API}/feedback-rounds/{(round_id := await ask())}"
    form = {"token": await take(round_id), "rating": "well"}

    refused = await client.post(f"{its}/answers", json=form | more)
    given = await client.post(f"{its}/answers", json=form)

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert given.status_code == 204


async def test_after_its_closing_a_round_takes_no_token_and_no_answer(
    client: AsyncClient, ask: Do, join: Do, take: Do, close: Do
) -> None:
    its = f"{API}/feedback-rounds/{(round_id := await ask())}"
    token = await take(round_id)
    await close()

    answers = [
        await client.post(f"{its}/answers", json={"token": token, "rating": "well"}),
        await client.post(f"{its}/tokens", headers=(await join())[1]),
    ]

    assert [await problem(each) for each in answers] == [(409, "/problems/round-closed")] * 2
    assert (await client.get(its)).json()["is_open"] is False


async def test_who_has_left_or_never_joined_has_no_token(client: AsyncClient, ask: Do, join: Do) -> None:
    its = f"{API}/feedback-rounds/{await ask()}"
    member_id, member = await join()
    (await client.post(f"{API}/members/{member_id}/departures", headers=member)).raise_for_status()

    refused = [
        await client.post(f"{its}/tokens", headers=headers)
        for headers in (member, signed_in("member", member_id=uuid4()), signed_in("member"))
    ]

    assert [await problem(each) for each in refused] == [(409, "/problems/not-a-member")] * 3


async def test_a_members_copy_tells_of_a_token_while_its_question_is_open_and_nobody_elses_does(
    client: AsyncClient, ask: Do, join: Do, close: Do
) -> None:
    round_id, (_, ada), (_, ben) = await ask(), await join(), await join()
    await client.post(f"{API}/feedback-rounds/{round_id}/tokens", headers=ada)

    async def told(member: dict[str, str]) -> Any:
        copy = (await client.get(f"{API}/my/copy", headers=member)).json()
        return {its["title"]: its["rows"] for its in copy["holdings"]}["Open questions for which you had a token"]

    closes_on = str(TODAY + timedelta(days=7))
    assert await told(ada) == [{"question": "Did it reach you?", "held_until": closes_on}]
    assert await told(ben) == []
    await close()
    assert await told(ada) == []


@pytest.mark.parametrize("way", ["departures", "erasure"])
async def test_of_who_left_or_is_erased_there_is_no_mark_and_what_was_answered_stays(
    *, running: FastAPI, client: AsyncClient, ask: Do, join: Do, way: str
) -> None:
    round_id = await ask()
    its = f"{API}/feedback-rounds/{round_id}"
    member_id, member = await join()
    token = (await client.post(f"{its}/tokens", headers=member)).json()["token"]
    given = await client.post(f"{its}/answers", json={"token": token, "rating": "well"})

    gone = await client.post(f"{API}/members/{member_id}/{way}", headers=member)

    assert (given.status_code, gone.is_success) == (204, True)
    left = await rows_left(running, round_id)
    assert (left["feedback_taken"], left["feedback_spent"], left["feedback_sealed"]) == (0, 1, 1)


async def rows_left(running: FastAPI, round_id: str) -> dict[str, int]:
    found = {}
    async with running.state.running.database.transaction() as tx:
        for table in ("feedback_taken", "feedback_spent", "feedback_sealed", "feedback_comment"):
            found[table] = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE round_id = $1", round_id)  # noqa: S608
    return found
