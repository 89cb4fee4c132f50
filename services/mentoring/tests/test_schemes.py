"""Schemes and enrolments over HTTP, on the real database and broker."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database, connect
from chassis.days import day_in_london
from chassis.identity import Caller
from chassis.testing import deliver, said
from mentoring import scheme_store, schemes
from mentoring.app import MEMBERS
from mentoring.domain import Scheme
from testkit.examples import joined, left

SignIn = Callable[..., dict[str, str]]
SCHEMES = "/api/mentoring/v1/schemes"
FORM = {"title": "GSE Connect", "summary": "Peers help each other forward.", "link": "https://gse.example/connect"}
WISHES = {"attestation": True, "goals": ["Lead a team"], "offers": ["Python"], "seeks": ["Writing"]}


async def join(running: FastAPI) -> UUID:
    member_id = uuid4()
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(joined(member_id), 1))
    return member_id


async def leave(running: FastAPI, member_id: UUID) -> None:
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(left(member_id), 2))


async def opened(client: AsyncClient, signed_in: SignIn) -> str:
    """The address of a new open scheme."""
    made = await client.post(SCHEMES, json=FORM, headers=signed_in("scheme-lead"))
    assert made.status_code == 201
    return f"{SCHEMES}/{made.json()['scheme_id']}"


async def what_was_said(database: Database, subject: UUID) -> list[str]:
    """The bodies of the events about a subject, sent already or not."""
    async with database.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT sequence, body FROM outbox WHERE subject = $1 UNION SELECT sequence, body FROM event_log
            WHERE subject = $1 ORDER BY sequence""",
            subject,
        )
    return [row["body"] for row in rows]


def opened_event(scheme_id: UUID | str, day: str) -> str:
    return (
        f'{{"scheme_id":"{scheme_id}","opened_on":"{day}","title":"GSE Connect",'
        '"summary":"Peers help each other forward.","link":"https://gse.example/connect"}'
    )


async def test_a_scheme_opens_at_once_is_said_and_is_shown_to_anyone(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    made = await client.post(SCHEMES, json=FORM, headers=signed_in("scheme-lead"))

    scheme_id, today = made.json()["scheme_id"], day_in_london(datetime.now(UTC)).isoformat()
    assert made.status_code == 201
    shown = (await client.get(SCHEMES)).json()["schemes"]
    assert [its for its in shown if its["scheme_id"] == scheme_id] == [
        {
            "scheme_id": scheme_id,
            "title": "GSE Connect",
            "summary": "Peers help each other forward.",
            "link": "https://gse.example/connect",
            "opened_on": today,
        }
    ]
    assert await what_was_said(running.state.running.database, UUID(scheme_id)) == [opened_event(scheme_id, today)]


async def test_the_same_post_twice_makes_one_scheme(client: AsyncClient, signed_in: SignIn) -> None:
    headers = {**signed_in("team"), "Idempotency-Key": "connect"}

    first = await client.post(SCHEMES, json=FORM, headers=headers)
    second = await client.post(SCHEMES, json=FORM, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("answer", "field", "sentence"),
    [
        ({"title": " "}, "title", "Enter a value"),
        ({"title": "x" * 121}, "title", "Enter 120 characters or fewer"),
        ({"summary": "two\x00lines"}, "summary", "Write this on one line, without control characters"),
        ({"link": "ftp://gse.example"}, "link", "Enter a valid value"),
        ({"opens_on": "soon"}, "opens_on", "Enter a date, such as 2027-02-11"),
    ],
)
async def test_a_scheme_that_cannot_be_published_is_not_made(
    client: AsyncClient, signed_in: SignIn, answer: dict[str, str], field: str, sentence: str
) -> None:
    refused = await client.post(SCHEMES, json={**FORM, **answer}, headers=signed_in("scheme-lead"))

    assert refused.status_code == 422
    assert [(error["field"], error["detail"]) for error in refused.json()["errors"]] == [(field, sentence)]


async def test_schemes_are_opened_by_scheme_leads_and_the_team_alone(client: AsyncClient, signed_in: SignIn) -> None:
    member = await client.post(SCHEMES, json=FORM, headers=signed_in("member", member_id=uuid4()))
    nobody = await client.post(SCHEMES, json=FORM)

    assert (member.status_code, nobody.status_code) == (403, 401)


async def test_a_scheme_of_a_day_to_come_is_not_open_yet(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    ada = await join(running)
    made = await client.post(SCHEMES, json={**FORM, "opens_on": "2999-02-11"}, headers=signed_in("scheme-lead"))
    scheme_id = made.json()["scheme_id"]

    early = await client.post(
        f"{SCHEMES}/{scheme_id}/enrolments", json=WISHES, headers=signed_in("member", member_id=ada)
    )

    assert (early.status_code, early.json()["type"]) == (409, "/problems/scheme-not-open")
    assert scheme_id not in [its["scheme_id"] for its in (await client.get(SCHEMES)).json()["schemes"]]
    assert await what_was_said(running.state.running.database, UUID(scheme_id)) == []


async def test_a_scheme_opens_by_itself_on_its_day_of_the_business_clock_and_once(database_url: str) -> None:
    scheme = Scheme(
        uuid4(),
        FORM["title"],
        FORM["summary"],
        FORM["link"],
        across_organisations=True,
        opens_on=date(2027, 2, 11),
    )
    today = datetime(2027, 2, 10, 23, 59, tzinfo=UTC)
    mentoring = await connect(database_url, size=2, name="test", clock=lambda: today)
    try:
        async with mentoring.transaction() as tx:
            await scheme_store.add(tx, scheme)

        the_evening_before = await schemes.open_due(mentoring)
        today += timedelta(minutes=1)
        that_morning = [await schemes.open_due(mentoring), await schemes.open_due(mentoring)]

        assert (the_evening_before, that_morning) == (0, [1, 0])
        assert await what_was_said(mentoring, scheme.scheme_id) == [opened_event(scheme.scheme_id, "2027-02-11")]
    finally:
        await mentoring.close()


async def test_a_scheme_opens_when_its_day_begins_in_london(mentoring: Database) -> None:
    """11pm of UTC is midnight in a London summer."""
    scheme = Scheme(
        uuid4(), FORM["title"], FORM["summary"], FORM["link"], across_organisations=True, opens_on=date(2027, 7, 11)
    )
    async with mentoring.transaction() as tx:
        await scheme_store.add(tx, scheme)

    mentoring.clock = lambda: datetime(2027, 7, 10, 22, 30, tzinfo=UTC)
    the_evening_before = await schemes.open_due(mentoring)
    mentoring.clock = lambda: datetime(2027, 7, 10, 23, 30, tzinfo=UTC)
    that_night = await schemes.open_due(mentoring)

    assert (the_evening_before, that_night) == (0, 1)
    assert await what_was_said(mentoring, scheme.scheme_id) == [opened_event(scheme.scheme_id, "2027-07-11")]
    assert [its.opened_on for its in (await schemes.schemes(mentoring)).schemes] == [date(2027, 7, 11)]


async def test_a_scheme_of_a_day_that_has_begun_in_london_opens_at_once(mentoring: Database) -> None:
    mentoring.clock = lambda: datetime(2027, 7, 10, 23, 30, tzinfo=UTC)
    lead = Caller(uuid4(), None, None, frozenset({"scheme-lead"}))

    for day in (None, date(2027, 7, 11)):
        made = await schemes.announce(schemes.SchemeForm(**FORM, opens_on=day), mentoring, None, lead)
        assert await what_was_said(mentoring, made.scheme_id) == [opened_event(made.scheme_id, "2027-07-11")]


async def test_a_member_enrols_once_and_nothing_is_said_of_it(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    ada, scheme = await join(running), await opened(client, signed_in)
    headers = {**signed_in("member", member_id=ada), "Idempotency-Key": "enrol"}

    first = await client.post(f"{scheme}/enrolments", json=WISHES, headers=headers)
    repeat = await client.post(f"{scheme}/enrolments", json=WISHES, headers=headers)
    again = await client.post(f"{scheme}/enrolments", json=WISHES, headers=signed_in("member", member_id=ada))

    assert (first.status_code, repeat.status_code) == (201, 201)
    assert first.json() == repeat.json()
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-enrolled")
    assert await what_was_said(running.state.running.database, UUID(first.json()["enrolment_id"])) == []


async def test_nobody_enrols_without_the_attestation(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    ada, scheme = await join(running), await opened(client, signed_in)

    refused = await client.post(
        f"{scheme}/enrolments",
        json={**WISHES, "attestation": False},
        headers=signed_in("member", member_id=ada),
    )

    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "attestation", "detail": "Confirm that you meet the scheme's condition"}
    ]


async def test_nobody_enrols_for_somebody_else(client: AsyncClient, signed_in: SignIn) -> None:
    scheme = await opened(client, signed_in)

    team = await client.post(f"{scheme}/enrolments", json=WISHES, headers=signed_in("team"))

    assert team.status_code == 403


async def test_a_member_whose_event_is_on_its_way_is_asked_to_try_again(client: AsyncClient, signed_in: SignIn) -> None:
    scheme = await opened(client, signed_in)

    early = await client.post(f"{scheme}/enrolments", json=WISHES, headers=signed_in("member", member_id=uuid4()))

    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    assert early.json()["type"] == "/problems/not-in-mentoring-yet"


async def test_somebody_who_left_does_not_enrol(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    ada, scheme = await join(running), await opened(client, signed_in)
    await leave(running, ada)

    late = await client.post(f"{scheme}/enrolments", json=WISHES, headers=signed_in("member", member_id=ada))

    assert (late.status_code, late.json()["type"]) == (409, "/problems/has-left")


async def test_no_one_enrols_in_a_scheme_that_is_not_there(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    ada = await join(running)

    lost = await client.post(f"{SCHEMES}/{uuid4()}/enrolments", json=WISHES, headers=signed_in("member", member_id=ada))

    assert (lost.status_code, lost.json()["type"]) == (404, "/problems/no-scheme")


async def test_a_member_withdraws_once_and_may_enrol_again(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    ada, ben, scheme = await join(running), await join(running), await opened(client, signed_in)
    hers, his = signed_in("member", member_id=ada), signed_in("member", member_id=ben)
    enrolment = (await client.post(f"{scheme}/enrolments", json=WISHES, headers=hers)).json()["enrolment_id"]

    another = await client.delete(f"{scheme}/enrolments/{enrolment}", headers=his)
    first = await client.delete(f"{scheme}/enrolments/{enrolment}", headers=hers)
    second = await client.delete(f"{scheme}/enrolments/{enrolment}", headers=hers)
    again = await client.post(f"{scheme}/enrolments", json=WISHES, headers=hers)

    assert [its.status_code for its in (another, first, second, again)] == [404, 204, 404, 201]
