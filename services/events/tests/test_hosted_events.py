"""Hosted events over HTTP, on the real database and broker."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said, what_was_said
from events.app import MEMBERS
from testkit.eventually import eventually
from testkit.examples import joined

SignIn = Callable[..., dict[str, str]]
HERE: Final = "/api/events/v1/events"


def form(**changed: object) -> dict[str, object]:
    """An event that is under way, so that it can be registered for and hosted without moving any clock."""
    now = datetime.now(UTC)
    return {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(now - timedelta(minutes=5)),
        "ends_at": str(now + timedelta(hours=1)),
        "capacity": 2,
    } | changed


async def proposed(client: AsyncClient, by: dict[str, str], **changed: object) -> str:
    """The address of a new event."""
    answer = await client.post(HERE, json=form(**changed), headers=by)
    answer.raise_for_status()
    return f"{HERE}/{answer.json()['hosted_event_id']}"


async def published(client: AsyncClient, signed_in: SignIn, **changed: object) -> str:
    its = await proposed(client, signed_in("volunteer"), **changed)
    for step in ("sign-off", "publish"):
        (await client.post(f"{its}/{step}", headers=signed_in("team"))).raise_for_status()
    return its


async def join(running: FastAPI) -> UUID:
    member_id = uuid4()
    await deliver(running.state.running.database, "events", MEMBERS, said(joined(member_id), 1))
    return member_id


async def test_an_event_goes_from_proposal_to_hosted_and_says_each_step_in_order(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    vera, team = signed_in("volunteer"), signed_in("team")
    its = await proposed(client, vera)

    states = [(await client.get(its, headers=vera)).json()["state"]]
    for step, by in [("sign-off", team), ("publish", vera), ("host", vera)]:
        states.append((await client.post(f"{its}/{step}", headers=by)).json()["state"])
        if step == "publish":
            keynote = await client.post(f"{its}/keynotes", json={"speaker": "Professor Quill"}, headers=vera)
            assert keynote.status_code == 201

    assert states == ["proposed", "signed-off", "published", "hosted"]
    told = await what_was_said(running.state.running.database, its.rpartition("/")[2])
    assert [name for name, _ in told] == [
        "EventProposed",
        "EventSignedOff",
        "EventPublished",
        "KeynoteConfirmed",
        "EventHosted",
    ]
    assert {name: told[2][1][name] for name in ("title", "summary", "link", "place", "key_date_id")} == {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "key_date_id": None,
    }
    assert "Quill" not in json.dumps(told)


async def test_steps_out_of_order_are_refused_by_name_and_say_nothing(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    team = signed_in("team")
    its = await proposed(client, team, starts_at=str(datetime.now(UTC) + timedelta(minutes=30)))

    async def refusal(step: str, by: dict[str, str]) -> tuple[int, str]:
        answer = await client.post(f"{its}/{step}", headers=by)
        return answer.status_code, answer.json()["type"]

    assert await refusal("publish", team) == (409, "/problems/not-signed-off")
    assert await refusal("host", team) == (409, "/problems/not-published")
    assert await refusal("sign-off", team) == (409, "/problems/your-own-proposal")
    assert (await client.post(f"{its}/sign-off", headers=signed_in("team"))).status_code == 200
    assert await refusal("sign-off", signed_in("team")) == (409, "/problems/already-signed-off")
    assert (await client.post(f"{its}/publish", headers=team)).status_code == 200
    assert await refusal("publish", team) == (409, "/problems/already-published")
    assert await refusal("host", team) == (409, "/problems/not-started")
    told = await what_was_said(running.state.running.database, its.rpartition("/")[2])
    assert [name for name, _ in told] == ["EventProposed", "EventSignedOff", "EventPublished"]


async def test_planning_is_for_the_proposer_and_the_team_and_an_unpublished_event_is_nobody_elses_to_see(
    client: AsyncClient, signed_in: SignIn
) -> None:
    vera, other = signed_in("volunteer"), signed_in("volunteer")
    its = await proposed(client, vera)

    assert (await client.post(HERE, json=form(), headers=signed_in("member", member_id=uuid4()))).status_code == 403
    assert (await client.post(HERE, json=form())).status_code == 401
    assert (await client.post(f"{its}/sign-off", headers=other)).status_code == 403
    refused = [
        await client.post(f"{its}/publish", headers=other),
        await client.post(f"{its}/host", headers=other),
        await client.post(f"{its}/keynotes", json={}, headers=other),
        await client.get(its, headers=other),
        await client.get(its),
        await client.get(f"{HERE}/{uuid4()}", headers=signed_in("team")),
    ]
    assert {(answer.status_code, answer.json()["type"]) for answer in refused} == {(404, "/problems/no-such-event")}
    assert [(await client.get(its, headers=by)).status_code for by in (vera, signed_in("team"))] == [200, 200]
    listed = (await client.get(HERE)).json()["events"]
    assert its.rpartition("/")[2] not in [event["hosted_event_id"] for event in listed]


async def test_published_events_are_listed_for_anyone_page_by_page(client: AsyncClient, signed_in: SignIn) -> None:
    mine = [(await published(client, signed_in)).rpartition("/")[2] for _ in range(3)]

    found, after = [], None
    for _ in range(100):
        params = {"limit": "2"} | ({"after": after} if after else {})
        page = (await client.get(HERE, params=params)).json()
        found += [event["hosted_event_id"] for event in page["events"]]
        if (after := page["next"]) is None:
            break

    assert len(found) == len(set(found))
    assert [its for its in found if its in mine] == mine[::-1]
    assert (await client.get(f"{HERE}/{mine[0]}")).json()["places_left"] == 2


async def test_the_last_page_leads_nowhere_a_full_one_too_and_a_place_that_is_not_there_is_told_at_its_field(
    client: AsyncClient, signed_in: SignIn
) -> None:
    await published(client, signed_in)
    every = (await client.get(HERE)).json()["events"]
    hidden = (await proposed(client, signed_in("volunteer"))).rpartition("/")[2]

    whole = (await client.get(HERE, params={"limit": len(every)})).json()
    strange = [await client.get(HERE, params={"after": after}) for after in (str(uuid4()), hidden, "first")]

    assert (len(whole["events"]), whole["next"]) == (len(every), None)
    told = [(answer.status_code, [its["field"] for its in answer.json()["errors"]]) for answer in strange]
    assert told == [(422, ["after"])] * 3


async def test_what_is_wrong_with_a_proposal_is_named_at_its_field(client: AsyncClient, signed_in: SignIn) -> None:
    team = signed_in("team")
    wrong = [
        form(title=" "),
        form(summary="x" * 301),
        form(link="javascript:alert(1)"),
        form(place="a\nb"),
        form(capacity=0),
        form(starts_at="2027-02-11T14:00:00"),
        form(ends_at="0001-01-01T00:00:00+14:00", starts_at="0001-01-01T00:00:00+14:00"),
        form(starts_at="9999-12-31T23:59:59-14:00"),
        form(key_date_id=str(uuid4())),
    ]

    answers = [await client.post(HERE, json=body, headers=team) for body in wrong]

    assert [(answer.status_code, answer.json()["errors"][0]["field"]) for answer in answers] == [
        (422, "title"),
        (422, "summary"),
        (422, "link"),
        (422, "place"),
        (422, "capacity"),
        (422, "starts_at"),
        (422, "ends_at"),
        (422, "starts_at"),
        (422, "key_date_id"),
    ]


async def test_an_event_may_be_held_for_a_key_date(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    async def is_worked_out() -> bool:
        return bool((await client.get("/api/events/v1/key-dates")).json()["key_dates"])

    await eventually(is_worked_out, timeout=30)
    key_date_id = (await client.get("/api/events/v1/key-dates")).json()["key_dates"][0]["key_date_id"]

    its = await proposed(client, signed_in("volunteer"), key_date_id=key_date_id)

    subject = its.rpartition("/")[2]
    assert await what_was_said(running.state.running.database, subject) == [
        ("EventProposed", {"hosted_event_id": subject, "key_date_id": key_date_id})
    ]


async def test_a_repeat_with_the_same_key_is_the_same_step_and_says_nothing_again(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    vera, team, ada = signed_in("volunteer"), signed_in("team"), signed_in("member", member_id=await join(running))
    key, body = {"Idempotency-Key": "once"}, form()

    pairs = [[await client.post(HERE, json=body, headers=vera | key) for _ in range(2)]]
    its = f"{HERE}/{pairs[0][0].json()['hosted_event_id']}"
    pairs += [
        [await client.post(f"{its}/{step}", json={}, headers=by | key) for _ in range(2)]
        for step, by in [
            ("sign-off", team),
            ("publish", vera),
            ("keynotes", vera),
            ("registrations", ada),
            ("host", vera),
        ]
    ]

    assert [first.status_code for first, _ in pairs] == [201, 200, 200, 201, 201, 200]
    assert [(again.status_code, again.json()) for _, again in pairs] == [
        (first.status_code, first.json()) for first, _ in pairs
    ]
    assert len(await what_was_said(running.state.running.database, its.rpartition("/")[2])) == 5
