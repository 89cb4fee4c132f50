"""Rounds over HTTP: asked, closed on the day, summed up, acted on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import signed_in, what_was_said

API = "/api/members/v1"
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
Do = Callable[..., Awaitable[Any]]


async def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_the_team_asks_and_everybody_sees_it_without_who_asked(
    running: FastAPI, client: AsyncClient, commitment: Do
) -> None:
    its, closes_on = await commitment(), str(TODAY + timedelta(days=7))
    form = {
        "commitment_id": its,
        "title": "Did it reach you?",
        "closes_on": closes_on,
        "must_hear": ["SCS", "EO", "SCS"],
    }

    made = await client.post(f"{API}/feedback-rounds", json=form, headers=signed_in("team"))
    round_id = made.json()["round_id"]
    shown = (await client.get(f"{API}/feedback-rounds/{round_id}")).json()

    assert made.status_code == 201
    assert UUID(made.json()["opened_by"])
    assert shown == made.json() | {"opened_by": None}
    assert (shown["is_open"], shown["must_hear"], shown["closes_on"]) == (True, ["SCS", "EO"], closes_on)
    assert await what_was_said(running.state.running.database, round_id) == [
        (
            "FeedbackRoundOpened",
            {
                "round_id": round_id,
                "commitment_id": its,
                "title": "Did it reach you?",
                "closes_on": closes_on,
                "must_hear": ["SCS", "EO"],
                "link": f"http://localhost:8000/members/feedback/{round_id}",
            },
        )
    ]


async def test_the_same_post_twice_asks_once(client: AsyncClient, commitment: Do) -> None:
    form = {"commitment_id": await commitment(), "title": "And?", "closes_on": str(TODAY), "must_hear": ["EO"]}
    headers = signed_in("team") | {"Idempotency-Key": uuid4().hex}

    first, again = [await client.post(f"{API}/feedback-rounds", json=form, headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_a_commitment_has_one_open_round_at_a_time(client: AsyncClient, commitment: Do) -> None:
    form = {"commitment_id": await commitment(), "title": "And?", "closes_on": str(TODAY), "must_hear": ["EO"]}

    answers = await asyncio.gather(
        *(client.post(f"{API}/feedback-rounds", json=form, headers=signed_in("team")) for _ in range(2))
    )

    assert sorted(its.status_code for its in answers) == [201, 409]
    [refused] = [its for its in answers if its.status_code == 409]
    assert refused.json()["type"] == "/problems/already-asked"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"closes_on": str(TODAY - timedelta(days=1))}, "closes_on"),
        ({"closes_on": str(TODAY + timedelta(days=93))}, "closes_on"),
        ({"must_hear": []}, "must_hear"),
        ({"must_hear": ["NOBODY"]}, "must_hear"),
        ({"must_hear": ["EO"] * 9}, "must_hear"),
        ({"commitment_id": str(uuid4())}, "commitment_id"),
    ],
)
async def test_what_cannot_be_asked_is_named_at_its_field(
    client: AsyncClient, commitment: Do, more: dict[str, Any], field: str
) -> None:
    form = {"commitment_id": await commitment(), "title": "And?", "closes_on": str(TODAY), "must_hear": ["EO"]} | more

    refused = await client.post(f"{API}/feedback-rounds", json=form, headers=signed_in("team"))

    assert refused.status_code == 422
    assert [its["field"] for its in refused.json()["errors"]] == [field]


async def test_nobody_else_asks_sums_up_answers_for_the_profession_or_reads_comments(
    client: AsyncClient, ask: Do
) -> None:
    its = f"{API}/feedback-rounds/{await ask()}"
    member = signed_in("member", "hosep", "operator", member_id=uuid4(), organisation="DEFRA")
    form = {"commitment_id": str(uuid4()), "title": "And?", "closes_on": str(TODAY), "must_hear": ["EO"]}

    answers = [
        await client.post(f"{API}/feedback-rounds", json=form, headers=member),
        await client.post(f"{its}/summary", json={"summary": "Fine."}, headers=member),
        await client.post(f"{its}/response", json={"you_said": "A", "we_did": "B"}, headers=member),
        await client.get(f"{its}/comments", headers=member),
        await client.post(f"{its}/tokens", headers=signed_in("team")),
    ]

    assert [each.status_code for each in answers] == [403] * 5
    assert (await client.get(f"{its}/comments")).status_code == 401
    assert (await client.post(f"{its}/tokens")).status_code == 401


async def test_what_is_left_of_a_round_is_safe_figures_and_comments_without_an_order(
    running: FastAPI, client: AsyncClient, ask: Do, answer: Do, close: Do
) -> None:
    round_id = await ask()
    its = f"{API}/feedback-rounds/{round_id}"
    for number in range(12):
        await answer(round_id, "well", groups=["EO"], comment=f"Fine {number}.\r\nReally.")
    for _ in range(10):
        await answer(round_id, "partly")
    for rating in ("cannot-say", "not-at-all", "not-at-all", "cannot-say", "cannot-say"):
        await answer(round_id, rating, groups=["SCS"])

    open_still = (await client.get(its, headers=signed_in("team"))).json()
    too_early = await client.post(f"{its}/summary", json={"summary": "Fine."}, headers=signed_in("team"))
    await close()
    closed = (await client.get(its, headers=signed_in("team"))).json()
    not_yet_public = (await client.get(its)).json()
    comments = (await client.get(f"{its}/comments?limit=7", headers=signed_in("team"))).json()
    more = (await client.get(f"{its}/comments?after={comments['next']}", headers=signed_in("team"))).json()

    assert (open_still["answered"], open_still["figures"]) == (None, [])
    assert await problem(too_early) == (409, "/problems/still-open")
    assert (closed["answered"], closed["heard"]) == (25, ["EO"])
    hidden = {"not-at-all": None, "cannot-say": None}
    assert closed["figures"] == [
        {"group": None, "ratings": {"well": 10, "partly": 10} | hidden},
        {"group": "EO", "ratings": {"well": None, "partly": None} | hidden},  # all of one mind
        {"group": "SCS", "ratings": {"well": None, "partly": None} | hidden},
    ]
    assert (not_yet_public["answered"], not_yet_public["heard"], not_yet_public["figures"]) == (None, [], [])
    assert (len(comments["comments"]), more["next"]) == (7, None)
    words = [each["words"] for each in (*comments["comments"], *more["comments"])]
    assert sorted(words) == sorted(f"Fine {number}.\nReally." for number in range(12))
    left = await rows_left(running, round_id)
    assert left == {"feedback_taken": 0, "feedback_spent": 0, "feedback_sealed": 0, "feedback_comment": 12}


async def test_of_fewer_than_five_answers_nothing_is_kept(
    running: FastAPI, client: AsyncClient, ask: Do, answer: Do, close: Do
) -> None:
    round_id = await ask()
    for _ in range(4):
        await answer(round_id, "well", groups=["EO"], comment="Only four of us.")
    await close()

    closed = (await client.get(f"{API}/feedback-rounds/{round_id}", headers=signed_in("team"))).json()

    assert (closed["answered"], closed["heard"]) == (None, [])
    assert {number for each in closed["figures"] for number in each["ratings"].values()} == {None}
    assert (await rows_left(running, round_id))["feedback_comment"] == 0


async def test_the_team_sums_up_and_says_what_was_done_once_each(
    running: FastAPI, client: AsyncClient, ask: Do, answer: Do, close: Do
) -> None:
    round_id = await ask(["EO"])
    its, team = f"{API}/feedback-rounds/{round_id}", signed_in("team")
    for rating in ("well", "partly"):
        for _ in range(6):
            await answer(round_id, rating, groups=["EO"])
    await close()
    said_first = await client.post(f"{its}/response", json={"you_said": "Late.", "we_did": "Sooner."}, headers=team)
    key = {"Idempotency-Key": uuid4().hex}
    summed = [
        await client.post(f"{its}/summary", json={"summary": "Half of you."}, headers=team | key) for _ in range(2)
    ]
    summed_again = await client.post(f"{its}/summary", json={"summary": "Other."}, headers=team)
    done = await client.post(f"{its}/response", json={"you_said": "Late.", "we_did": "Sooner."}, headers=team)
    done_again = await client.post(f"{its}/response", json={"you_said": "Late.", "we_did": "Never."}, headers=team)
    shown = (await client.get(its)).json()

    assert await problem(said_first) == (409, "/problems/not-summed-up")
    assert [each.status_code for each in summed] == [201, 201]
    assert await problem(summed_again) == (409, "/problems/already-summed-up")
    assert done.status_code == 201
    assert await problem(done_again) == (409, "/problems/already-answered")
    assert (shown["summary"], shown["you_said"], shown["we_did"]) == ("Half of you.", "Late.", "Sooner.")
    assert (shown["answered"], shown["heard"], shown["summarised_by"]) == (10, ["EO"], None)
    assert UUID(done.json()["summarised_by"])
    assert UUID(done.json()["responded_by"])
    commitment_id, link = shown["commitment_id"], f"http://localhost:8000/members/feedback/{round_id}"
    both = {"round_id": round_id, "commitment_id": commitment_id, "link": link}
    assert (await what_was_said(running.state.running.database, round_id))[1:] == [
        ("FeedbackSummaryPublished", both | {"summary": "Half of you.", "answered": 10, "heard": ["EO"]}),
        ("FeedbackAnswered", both | {"you_said": "Late.", "we_did": "Sooner."}),
    ]


async def test_a_commitment_says_whether_members_are_heard_on_it(client: AsyncClient, ask: Do) -> None:
    its = (await client.get(f"{API}/feedback-rounds/{await ask()}")).json()["commitment_id"]
    asked = (await client.get(f"{API}/commitments/{its}")).json()
    listed = [each["review"] for each in (await client.get(f"{API}/commitments")).json()["commitments"]]
    (await client.post(f"{API}/commitments/{its}/completion", headers=signed_in("team"))).raise_for_status()
    kept = (await client.get(f"{API}/commitments/{its}")).json()

    assert asked["review"]["state"] == "being-reviewed"
    assert asked["review"]["first_day"] <= str(TODAY) <= asked["review"]["last_day"]
    assert listed == [asked["review"]]
    assert kept["review"] is None


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("summary", {"summary": ""}, "summary"),
        ("summary", {"summary": "x" * 301}, "summary"),
        ("response", {"you_said": "Late."}, "we_did"),
        ("response", {"you_said": "x" * 301, "we_did": "Sooner."}, "you_said"),
    ],
)
async def test_words_that_cannot_be_published_are_named_at_their_field(
    client: AsyncClient, path: str, form: dict[str, str], field: str
) -> None:
    refused = await client.post(f"{API}/feedback-rounds/{uuid4()}/{path}", json=form, headers=signed_in("team"))

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]


async def test_what_is_not_there_is_not_found(client: AsyncClient, join: Do) -> None:
    its, team = f"{API}/feedback-rounds/{uuid4()}", signed_in("team")
    answers = [
        await client.get(its),
        await client.get(f"{its}/comments", headers=team),
        await client.post(f"{its}/summary", json={"summary": "Fine."}, headers=team),
        await client.post(f"{its}/response", json={"you_said": "A", "we_did": "B"}, headers=team),
        await client.post(f"{its}/tokens", headers=(await join())[1]),
        await client.post(f"{its}/answers", json={"token": "abcd", "rating": "well"}),
    ]

    assert [await problem(each) for each in answers] == [(404, "/problems/no-such-round")] * 6


async def test_the_list_is_paged_by_the_last_day_and_may_be_of_one_commitment(client: AsyncClient, ask: Do) -> None:
    made = [await ask(closes_on=str(TODAY + timedelta(days=day))) for day in (90, 92, 91)]
    found, after = list[str](), ""
    while len(found) < 3:
        page = (await client.get(f"{API}/feedback-rounds?limit=2{after}")).json()
        found += [its["round_id"] for its in page["rounds"]]
        after = f"&after={page['next']}"
    of_one = (await client.get(f"{API}/feedback-rounds/{made[0]}")).json()["commitment_id"]
    its = (await client.get(f"{API}/feedback-rounds?commitment_id={of_one}")).json()

    assert found[:3] == [made[1], made[2], made[0]]
    assert ([each["round_id"] for each in its["rounds"]], its["next"]) == ([made[0]], None)


async def test_the_groups_that_can_be_asked_for_are_there_for_anyone(client: AsyncClient) -> None:
    groups = (await client.get(f"{API}/feedback-groups")).json()["groups"]

    assert groups[0] == {"code": "AA-AO", "label": "AA to AO"}
    assert {"SCS", "MOD", "CS-DISABILITY-NETWORK"} <= {its["code"] for its in groups}


async def rows_left(running: FastAPI, round_id: str) -> dict[str, int]:
    found = {}
    async with running.state.running.database.transaction() as tx:
        for table in ("feedback_taken", "feedback_spent", "feedback_sealed", "feedback_comment"):
            found[table] = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE round_id = $1", round_id)  # noqa: S608
    return found
