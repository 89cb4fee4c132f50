"""The page on which an operator sees whether a service flows, and sees to what is parked."""

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from itertools import product
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import service
from chassis.database import Database, Transaction
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.testing import Delivery, client_of, deliver, migrating, said, signed_in, token_keys
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft
from testkit.addresses import KafkaAddress
from testkit.cluster import make_topics, settle
from testkit.databases import Databases
from testkit.eventually import eventually
from testkit.examples import ADA, joined, left, promoted
from testkit.provision import provision, remove_topics

PAGE = {"accept": "text/html"}


def operator() -> dict[str, str]:
    """The headers of an operator who has just signed in: a token made at import would be over in a slow run."""
    return signed_in("operator") | PAGE


class Reactions:
    """A change of grade meets a bug until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.subscription = Subscription(
            "gse.members",
            {MemberJoined: self.note, MemberGradeChanged: self.change_grade, MemberLeft: self.note},
        )

    async def note(self, _event: Any, _tx: Transaction) -> None:
        return

    async def change_grade(self, _event: MemberGradeChanged, _tx: Transaction) -> None:
        if not self.mended:
            raise ZeroDivisionError


@pytest.fixture(scope="module")
def reactions() -> Reactions:
    return Reactions()


@pytest.fixture(scope="module")
def prefix(kafka: KafkaAddress) -> Iterator[str]:
    its = f"t{secrets.token_hex(4)}."
    provision(kafka, prefix=its, principals=False)
    client = AdminClient(kafka.confluent())
    make_topics(client, [NewTopic(f"{its}gse.notes", 1), NewTopic(f"{its}gse.notes.public", 1)])
    yield its
    settle(client.delete_topics([f"{its}gse.notes", f"{its}gse.notes.public"]))
    remove_topics(kafka, its)


@pytest.fixture(scope="module")
async def running(
    databases: Databases,
    kafka: KafkaAddress,
    prefix: str,
    reactions: Reactions,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[FastAPI]:
    """One service for all tests here."""
    folder = tmp_path_factory.mktemp("notes")
    package = str(folder / "notes" / "app.py")
    async with databases.lend("notes", migrating("notes", package)) as url:
        settings = ServiceSettings(
            database_url=SecretStr(url),
            kafka_bootstrap=kafka.bootstrap,
            topic_prefix=prefix,
            http_port=0,
            replica="7",
            token_keys=token_keys(folder),
        )
        app = service.create(
            settings, name="notes", package=package, routers=[], subscriptions=[reactions.subscription]
        )
        async with app.router.lifespan_context(app):
            yield app


@pytest.fixture
async def client(running: FastAPI, reactions: Reactions) -> AsyncIterator[AsyncClient]:
    """Asks it; afterwards nothing is parked, and the bug is back."""
    async with client_of(running) as asking:
        yield asking
    reactions.mended = False
    async with running.state.running.database.transaction() as tx:
        await tx.execute("TRUNCATE parked, progress")


@pytest.fixture
async def stuck(running: FastAPI, reactions: Reactions, client: AsyncClient) -> FastAPI:
    """The change of grade could not be handled, the leaving waits behind it, and one record is about nothing."""
    database: Database = running.state.running.database
    deliveries = [said(joined(), 1), said(promoted(), 2), said(left(), 3), Delivery(b"nobody", [], b"{}")]
    await deliver(database, "notes", reactions.subscription, *deliveries)
    return running


async def parked(app: FastAPI) -> dict[str, int]:
    async with app.state.running.database.transaction() as tx:
        rows = await tx.fetch("SELECT id, kind FROM parked WHERE discarded_at IS NULL")
    return {row["kind"]: row["id"] for row in rows}


def words(page: str) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())


async def level(client: AsyncClient) -> None:
    await eventually(lambda: _is_level(client))


async def _is_level(client: AsyncClient) -> bool:
    found = (await client.get("/notes/operations/figures", headers=operator())).json()
    return bool(found["ready"] and found["heard"][0]["lag_records"] == 0)


async def test_the_first_words_say_that_everything_flows(client: AsyncClient) -> None:
    await level(client)

    read = words((await client.get("/notes/operations", headers=operator())).text)

    assert "Is everything flowing? Yes. Every part works, and nothing is parked." in read
    assert "Its parts The database Working Sending Working Hearing gse.members Working" in read
    assert "Still to be sent 0 The oldest has waited 0.0 seconds What it hears" in read
    assert "Stream Records behind Seconds behind gse. members 0 0.0" in read
    assert "Its parts and what it hears are those of replica 7, which answered you" in read
    assert "What is parked Nothing. A record that cannot be handled is set aside here" in read


async def test_the_figures_are_for_programs_of_the_page(client: AsyncClient) -> None:
    await level(client)

    answer = await client.get("/notes/operations/figures", headers=operator())

    assert answer.json() == {
        "service": "notes",
        "replica": "7",
        "ready": True,
        "checks": {"database": "ok", "relay": "ok", "notes.gse.members": "ok"},
        "sent": {},
        "outbox_backlog": 0,
        "outbox_oldest_seconds": 0.0,
        "parked": 0,
        "heard": [
            {
                "stream": "gse.members",
                "projection": None,
                "lag_records": 0,
                "lag_seconds": 0.0,
                "trouble": None,
            }
        ],
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/notes/operations", "/notes/operations/figures"])
async def test_nobody_but_an_operator_sees_it(client: AsyncClient, path: str) -> None:
    for role in ("member", "team", "hosep"):
        refused = await client.get(path, headers=signed_in(role) | PAGE)
        assert (refused.status_code, "You cannot open this page" in refused.text) == (403, True)
    assert (await client.get(path, headers=PAGE)).status_code in {303, 401}


async def test_nobody_but_an_operator_runs_again_or_discards(client: AsyncClient, stuck: FastAPI) -> None:
    before = await parked(stuck)

    for deed in ("retry", "discard"):
        path = f"/notes/operations/parked/{before['stuck']}/{deed}"
        refused = await client.post(path, data={"reason": "because"}, headers=signed_in("team") | PAGE)
        assert refused.status_code == 403
    assert await parked(stuck) == before


async def test_programs_get_what_is_parked_page_by_page_and_a_full_last_page_leads_nowhere(
    client: AsyncClient, stuck: FastAPI
) -> None:
    ids = sorted((await parked(stuck)).values())

    async def page(**params: int) -> tuple[list[int], int | None]:
        answer = (await client.get("/api/notes/v1/parked", params=params, headers=operator())).json()
        return [its["id"] for its in answer["parked"]], answer["next"]

    assert await page(limit=2) == (ids[:2], ids[1])
    assert await page(limit=2, after=ids[1]) == (ids[2:], None)
    assert await page(limit=3) == (ids, None)


async def test_what_is_parked_is_shown_with_its_reason_and_without_what_it_holds(
    client: AsyncClient, stuck: FastAPI
) -> None:
    page = (await client.get("/notes/operations", headers=operator())).text
    read, ids = words(page), await parked(stuck)

    assert "No. 3 records are parked: they could not be handled, or wait for one that could not." in read
    assert f"Record {ids['stuck']}: members.MemberGradeChanged.v1 Why MemberGradeChanged: ZeroDivisionError" in read
    assert f"About {ADA}, number 2 On gse.members, partition 0, offset" in read
    assert "Heard by notes.gse.members" in read
    assert "It waits for the one before it, and goes on by itself." in read
    assert f"Record {ids['alone']}: A record of no known type" in read
    assert "About nothing that can be read" in read
    assert (page.count("/retry"), page.count("/discard")) == (1, 2)
    assert "UKHSA" not in page


async def test_a_record_is_run_again_when_its_cause_is_mended(
    client: AsyncClient, stuck: FastAPI, reactions: Reactions
) -> None:
    reactions.mended = True
    path = f"/notes/operations/parked/{(await parked(stuck))['stuck']}/retry"

    answer = await client.post(path, headers=operator())
    shown = await client.get(answer.headers["location"], headers=operator())

    assert (answer.status_code, answer.headers["location"]) == (303, "/notes/operations?done=retried")
    assert "Success It was handled. What waited behind it went on" in words(shown.text)
    assert set(await parked(stuck)) == {"alone"}


async def test_what_fails_again_is_told_on_the_page_and_stays(client: AsyncClient, stuck: FastAPI) -> None:
    before = await parked(stuck)

    answer = await client.post(f"/notes/operations/parked/{before['stuck']}/retry", headers=operator())

    assert answer.status_code == 409
    assert f'<a href="#retry-{before["stuck"]}">It failed again: MemberGradeChanged: ZeroDivisionError.' in answer.text
    assert f'id="retry-{before["stuck"]}"' in answer.text
    assert await parked(stuck) == before


@pytest.mark.parametrize("reason", ["", "no", "x" * 501])
async def test_without_a_reason_nothing_is_discarded_and_nothing_typed_is_lost(
    client: AsyncClient, stuck: FastAPI, reason: str
) -> None:
    before = await parked(stuck)

    answer = await client.post(
        f"/notes/operations/parked/{before['stuck']}/discard", data={"reason": reason}, headers=operator()
    )

    assert answer.status_code == 422
    assert f'<a href="#reason-{before["stuck"]}">Enter a reason of 3 to 500 characters, on one line</a>' in answer.text
    assert f'value="{reason}"' in answer.text
    assert await parked(stuck) == before


async def test_with_a_reason_it_is_discarded_and_what_waited_goes_on(client: AsyncClient, stuck: FastAPI) -> None:
    path = f"/notes/operations/parked/{(await parked(stuck))['stuck']}/discard"

    answer = await client.post(path, data={"reason": "sent by mistake"}, headers=operator())

    assert (answer.status_code, answer.headers["location"]) == (303, "/notes/operations?done=discarded")
    assert set(await parked(stuck)) == {"alone"}
    async with stuck.state.running.database.transaction() as tx:
        assert await tx.fetchval("SELECT discarded_why FROM parked WHERE discarded_at IS NOT NULL") == "sent by mistake"


async def test_a_record_that_has_gone_on_meanwhile_is_a_page_not_found(client: AsyncClient) -> None:
    for deed in ("retry", "discard"):
        answer = await client.post(
            f"/notes/operations/parked/77/{deed}", data={"reason": "because"}, headers=operator()
        )
        assert answer.status_code == 404


async def test_many_are_shown_a_page_at_a_time(client: AsyncClient, running: FastAPI, reactions: Reactions) -> None:
    nothings = [Delivery(b"nobody", [], b"{}") for _ in range(25)]
    await deliver(running.state.running.database, "notes", reactions.subscription, *nothings)

    first = (await client.get("/notes/operations", headers=operator())).text
    [following] = re.findall(r'href="(/notes/operations\?after=\d+)#parked"', first)
    second = (await client.get(following, headers=operator())).text

    assert (first.count("<h3"), second.count("<h3")) == (20, 5)
    assert "From the first one" in second


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
async def test_a_number_that_no_record_can_have_is_the_asker_s_mistake(
    client: AsyncClient, stuck: FastAPI, number: int
) -> None:
    before = await parked(stuck)

    listed = [
        await client.get(path, params={"after": number}, headers=operator())
        for path in ("/notes/operations", "/api/notes/v1/parked")
    ]
    shown = await client.get(f"/api/notes/v1/parked/{number}", headers=operator())
    done = [
        await client.post(f"{place}/{number}/{deed}", data={"reason": "because"}, headers=operator())
        for place, deed in product(("/notes/operations/parked", "/api/notes/v1/parked"), ("retry", "discard"))
    ]

    assert [its.status_code for its in (*listed, shown, *done)] == [422] * 7
    assert await parked(stuck) == before


async def test_a_reason_that_cannot_be_kept_discards_nothing(client: AsyncClient, stuck: FastAPI) -> None:
    before = await parked(stuck)
    number = before["stuck"]

    by_form = await client.post(
        f"/notes/operations/parked/{number}/discard", data={"reason": "be\0cause"}, headers=operator()
    )
    by_program = await client.post(
        f"/api/notes/v1/parked/{number}/discard", json={"reason": "be\0cause"}, headers=signed_in("operator")
    )

    assert (by_form.status_code, by_program.status_code) == (422, 422)
    assert f'<a href="#reason-{number}">Enter a reason of 3 to 500 characters, on one line</a>' in by_form.text
    assert await parked(stuck) == before
