"""The strategy over HTTP, on the real database and broker."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import signed_in, what_was_said
from members import app

API = "/api/members/v1"
FIRST = json.loads((Path(app.__file__).parents[1] / "first_strategy.json").read_text())
FAR = "2099-12-31"


def promise(title: str = "Set a baseline", due_on: str = FAR, **more: Any) -> dict[str, Any]:
    return {"title": title, "owner": "Central GSE team", "measure": "It is published.", "due_on": due_on, **more}


def version(follows: int, *promises: dict[str, Any], **more: Any) -> dict[str, Any]:
    goals = [{"title": "Understand who we are", "commitments": list(promises)}]
    return {
        "follows": follows,
        "title": f"Strategy {uuid4().hex}",
        "summary": "What we do.",
        "link": "https://gse.example/strategy",
        "mission": "We value everybody's talent.",
        "themes": [{"title": "Know who we are", "goals": goals}],
        **more,
    }


async def in_force(client: AsyncClient) -> int:
    answer = await client.get(f"{API}/strategy")
    return int(answer.json()["version"]) if answer.is_success else 0


async def published(client: AsyncClient, *promises: dict[str, Any]) -> list[str]:
    """The ids of the commitments of a new version."""
    form = version(await in_force(client), *promises)
    answer = await client.post(f"{API}/strategies", json=form, headers=signed_in("team"))
    assert answer.status_code == 201, answer.text
    return [its["commitment_id"] for its in answer.json()["themes"][0]["goals"][0]["commitments"]]


async def test_before_the_first_version_there_is_nothing_and_the_repositorys_is_loaded_once(
    running: FastAPI, client: AsyncClient
) -> None:
    """The first test of this module: it needs an empty house."""
    nothing = [await client.get(f"{API}/{path}") for path in ("strategy", "strategies/1", "commitments")]
    team = signed_in("team")
    loaded = [await client.post(f"{API}/strategies", json=FIRST, headers=team) for _ in range(2)]

    assert [its.status_code for its in nothing] == [404, 404, 200]
    assert nothing[0].json()["type"] == "/problems/no-strategy"
    assert [its.status_code for its in loaded] == [201, 200]
    assert loaded[0].json() == loaded[1].json()
    found = (await client.get(f"{API}/commitments")).json()["commitments"]
    assert [(its["due_on"], its["standing"]) for its in found] == [
        (day, "overdue")
        for day in ("2021-10-31", "2021-11-30", "2021-12-31", "2022-01-31", "2022-02-28", "2022-03-31", "2022-04-30")
    ]
    said = await what_was_said(running.state.running.database, loaded[0].json()["strategy_id"])
    assert [(name, body["version"], body["title"]) for name, body in said] == [("StrategyPublished", 1, FIRST["title"])]


async def test_a_version_is_published_and_shown_to_anyone_without_who_published_it(client: AsyncClient) -> None:
    before = await in_force(client)
    form = version(before, promise(summary="The first figures."))

    made = await client.post(f"{API}/strategies", json=form, headers=signed_in("team"))
    shown = (await client.get(f"{API}/strategy")).json()

    assert made.status_code == 201
    assert shown == made.json() | {"published_by": None}
    assert (shown["version"], shown["title"], shown["mission"]) == (before + 1, form["title"], form["mission"])
    [its] = shown["themes"][0]["goals"][0]["commitments"]
    assert (its["title"], its["summary"], its["due_on"]) == ("Set a baseline", "The first figures.", FAR)
    assert UUID(made.json()["published_by"])
    assert (await client.get(f"{API}/strategies/{before + 1}")).json() == shown


async def test_the_same_post_twice_publishes_once(client: AsyncClient) -> None:
    form, headers = version(await in_force(client)), {**signed_in("team"), "Idempotency-Key": uuid4().hex}

    first, again = [await client.post(f"{API}/strategies", json=form, headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_of_two_who_publish_at_once_one_is_told_to_look_first(client: AsyncClient) -> None:
    before = await in_force(client)

    answers = await asyncio.gather(
        *(client.post(f"{API}/strategies", json=version(before), headers=signed_in("team")) for _ in range(2))
    )

    assert sorted(its.status_code for its in answers) == [201, 409]
    assert [its.json()["type"] for its in answers if its.status_code == 409] == ["/problems/not-the-newest"]
    assert await in_force(client) == before + 1


async def test_a_commitment_is_carried_over_with_its_id_and_what_is_left_out_is_dropped(
    running: FastAPI, client: AsyncClient
) -> None:
    kept, left_out = await published(client, promise("Kept"), promise("Left out"))
    await published(client, promise("Kept", due_on="2098-01-31", commitment_id=kept))

    by_status = {
        status: [
            its["commitment_id"]
            for its in (await client.get(f"{API}/commitments?status={status}")).json()["commitments"]
        ]
        for status in ("not-started", "dropped")
    }
    assert kept in by_status["not-started"]
    assert left_out in by_status["dropped"]
    assert (await client.get(f"{API}/commitments/{left_out}")).json()["standing"] == "dropped"
    refused = await client.post(f"{API}/commitments/{left_out}/completion", headers=signed_in("team"))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-in-the-strategy")
    said = await what_was_said(running.state.running.database, kept)
    assert [(name, body["due_on"]) for name, body in said] == [
        ("CommitmentMade", FAR),
        ("CommitmentMade", "2098-01-31"),
    ]


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"mission": " "}, "mission", "Enter a value"),
        ({"title": "x" * 121}, "title", "Enter 120 characters or fewer"),
        ({"link": "ftp://gse.example"}, "link", "Enter a valid value"),
        ({"themes": []}, "themes", "Enter a value"),
        ({"follows": -1}, "follows", "Enter 0 or more"),
    ],
)
async def test_a_version_that_cannot_be_published_is_named_at_its_field(
    client: AsyncClient, form: dict[str, Any], field: str, sentence: str
) -> None:
    refused = await client.post(f"{API}/strategies", json=version(0, promise()) | form, headers=signed_in("team"))

    assert refused.status_code == 422
    assert [(its["field"], its["detail"]) for its in refused.json()["errors"]] == [(field, sentence)]


async def test_a_commitment_that_cannot_be_made_is_named_at_its_field(client: AsyncClient) -> None:
    wrong = [promise(due_on="1821-10-31"), promise(owner="two\nlines"), promise(measure="")]
    unknown = promise(commitment_id=str(uuid4()))
    team, follows = signed_in("team"), await in_force(client)

    shapes = await client.post(f"{API}/strategies", json=version(follows, *wrong), headers=team)
    rule = await client.post(f"{API}/strategies", json=version(follows, unknown), headers=team)

    assert [its["field"] for its in shapes.json()["errors"]] == [
        f"themes.0.goals.0.commitments.{place}" for place in ("0.due_on", "1.owner", "2.measure")
    ]
    assert [its["field"] for its in rule.json()["errors"]] == ["themes.0.goals.0.commitments.0.commitment_id"]
    assert (shapes.status_code, rule.status_code) == (422, 422)


async def test_only_the_team_publishes_reports_and_completes(client: AsyncClient) -> None:
    [its] = await published(client, promise())
    asked = [
        ("strategies", version(await in_force(client))),
        (f"commitments/{its}/progress", {"status": "on-track", "percent": 1}),
        (f"commitments/{its}/completion", None),
    ]

    for path, form in asked:
        member = await client.post(f"{API}/{path}", json=form, headers=signed_in("member", member_id=uuid4()))
        nobody = await client.post(f"{API}/{path}", json=form)
        assert (member.status_code, nobody.status_code) == (403, 401)


async def test_progress_is_reported_shown_and_said_and_a_completed_commitment_stays_so(
    running: FastAPI, client: AsyncClient
) -> None:
    [its] = await published(client, promise())
    team, at = signed_in("team"), f"{API}/commitments/{its}"
    report = {"status": "at-risk", "percent": 40, "summary": "Half of the departments have answered."}

    reported = await client.post(f"{at}/progress", json=report, headers=team)
    under_way = (await client.get(at)).json()
    key = {"Idempotency-Key": uuid4().hex}
    completed = [await client.post(f"{at}/completion", headers=team | key) for _ in range(2)]
    again = await client.post(f"{at}/completion", headers=team)
    late_report = await client.post(f"{at}/progress", json=report, headers=team)

    assert (reported.status_code, under_way["standing"], under_way["percent"]) == (201, "under-way", 40)
    assert [(its["status"], its["percent"], its["summary"], its["reported_by"]) for its in under_way["progress"]] == [
        ("at-risk", 40, report["summary"], None)
    ]
    assert UUID(reported.json()["progress"][0]["reported_by"])
    today = date.fromisoformat(completed[0].json()["completed_on"])
    assert [(each.status_code, each.json()["standing"]) for each in completed] == [(200, "completed")] * 2
    assert UUID(completed[0].json()["completed_by"])
    assert (await client.get(at)).json()["completed_by"] is None
    for refused in (again, late_report):
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-completed")
    assert await what_was_said(running.state.running.database, its) == [
        (
            "CommitmentMade",
            {
                "commitment_id": its,
                "strategy_version": await in_force(client),
                "title": "Set a baseline",
                "due_on": FAR,
                "summary": None,
            },
        ),
        (
            "CommitmentProgressReported",
            {"commitment_id": its, "status": "at-risk", "percent": 40, "reported_on": str(today)},
        ),
        ("CommitmentCompleted", {"commitment_id": its, "completed_on": str(today)}),
    ]


async def test_the_same_report_twice_is_one(client: AsyncClient) -> None:
    [its] = await published(client, promise())
    headers = {**signed_in("team"), "Idempotency-Key": uuid4().hex}
    form = {"status": "on-track", "percent": 10}

    answers = [await client.post(f"{API}/commitments/{its}/progress", json=form, headers=headers) for _ in range(2)]

    assert [(each.status_code, len(each.json()["progress"])) for each in answers] == [(201, 1), (201, 1)]


async def test_reports_are_paged_the_newest_first(client: AsyncClient) -> None:
    [its] = await published(client, promise())
    at = f"{API}/commitments/{its}/progress"
    for percent in range(5):
        form = {"status": "on-track", "percent": percent}
        (await client.post(at, json=form, headers=signed_in("team"))).raise_for_status()

    first = (await client.get(f"{at}?limit=3")).json()
    second = (await client.get(f"{at}?limit=3&after={first['next']}")).json()
    nowhere = await client.get(f"{API}/commitments/{uuid4()}/progress")

    assert [each["percent"] for each in first["progress"] + second["progress"]] == [4, 3, 2, 1, 0]
    assert (len(first["progress"]), second["next"], nowhere.status_code) == (3, None, 404)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"status": "fine", "percent": 1}, "status"),
        ({"status": "on-track", "percent": 101}, "percent"),
        ({"status": "on-track"}, "percent"),
        ({"status": "on-track", "percent": 1, "summary": "x" * 301}, "summary"),
    ],
)
async def test_a_report_that_cannot_be_meant_is_named_at_its_field(
    client: AsyncClient, form: dict[str, Any], field: str
) -> None:
    refused = await client.post(f"{API}/commitments/{uuid4()}/progress", json=form, headers=signed_in("team"))

    assert refused.status_code == 422
    assert [its["field"] for its in refused.json()["errors"]] == [field]


async def test_what_is_not_there_is_not_found(client: AsyncClient) -> None:
    at, team = f"{API}/commitments/{uuid4()}", signed_in("team")
    answers = [
        await client.get(at),
        await client.post(f"{at}/completion", headers=team),
        await client.post(f"{at}/progress", json={"status": "on-track", "percent": 1}, headers=team),
        await client.get(f"{API}/strategies/99999"),
    ]

    assert [its.status_code for its in answers] == [404] * 4


async def test_the_list_is_paged_by_day(client: AsyncClient) -> None:
    made = await published(client, *(promise(due_on=f"2090-0{month}-01") for month in (3, 1, 2)))
    [third, first, second] = made
    found, after = list[str](), ""
    while True:
        page = (await client.get(f"{API}/commitments?limit=2{after}")).json()
        found += [its["commitment_id"] for its in page["commitments"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert found == [first, second, third]
