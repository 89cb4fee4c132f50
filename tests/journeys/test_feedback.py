"""Members are asked, answer in a browser, and are heard; somebody with every database and every stream finds nobody."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import httpx2
from house import House
from people import planted

from contracts.streams import STREAMS
from testkit.eventually import eventually
from testkit.records import Record, read_all

MEMBERS = "/api/members/v1"
MANY = 12
BALLOT = {"feedback_taken", "feedback_spent", "feedback_sealed", "feedback_figure", "feedback_comment"}
BY_THE_CLOCK = {"relay_lease"}  # renewed each second, whatever happens
Dump = dict[str, list[tuple[str, ...]]]


async def _ask(house: House, path: str, form: Any = None) -> dict[str, Any]:
    answer = await house.post(MEMBERS + path, form, persona="team")
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _round(house: House) -> str:
    """An open round: its id."""
    before = await house.get(f"{MEMBERS}/strategy")  # another journey's
    promise = {"title": "A baseline", "owner": "Central team", "measure": "It is there.", "due_on": "2099-12-31"}
    strategy = {
        "follows": before.json()["version"] if before.is_success else 0,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does so that all talent counts.",
        "link": "https://gse.example/strategy",
        "mission": "We value everybody’s talent.",
        "themes": [{"title": "Know who we are", "goals": [{"title": "Count", "commitments": [promise]}]}],
    }
    published = await _ask(house, "/strategies", strategy)
    form = {
        "commitment_id": published["themes"][0]["goals"][0]["commitments"][0]["commitment_id"],
        "title": "Did the survey reach you?",
        "closes_on": str(datetime.now(ZoneInfo("Europe/London")).date() + timedelta(days=7)),
        "must_hear": ["EO"],
    }
    its: str = (await _ask(house, "/feedback-rounds", form))["round_id"]
    return its


def _in(page: str, field: str) -> str:
    found = re.search(rf'name="{field}"[^>]* value="([^"]+)"', page)
    assert found, page
    return found[1]


async def _takes_a_token(house: House, member_id: UUID, round_id: str) -> str:
    """In the browser of somebody who is signed in."""
    cookie, at = house.cookie(member_id), f"/members/feedback/{round_id}"
    headers = {"Cookie": f"{cookie['name']}={cookie['value']}", "Accept": "text/html"}
    page = (await house.http.get(at, headers=headers)).raise_for_status().text
    csrf = {"csrf_token": _in(page, "csrf_token")}
    taken = (await house.http.post(f"{at}/token", data=csrf, headers=headers)).raise_for_status()
    return _in(taken.text, "token")


async def _answers(house: House, round_id: str, token: str, comment: str) -> httpx2.Response:
    """In any browser."""
    form = {"token": token, "rating": "partly", "groups": "EO", "comment": comment}
    at = f"/members/feedback/{round_id}/answer"
    return await house.http.post(at, data=form, headers={"Accept": "text/html"})


async def _dumped(house: House) -> Dump:
    """Each table of each database as `pg_dump` writes it, by COPY: rows as text, in the order in which they lie."""
    found: Dump = {}
    for service, url in house.databases.items():
        connection = await asyncpg.connect(url)
        tables = await connection.fetch(
            "SELECT schemaname, tablename, tableowner FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table, owner in tables:
            out = io.BytesIO()
            await connection.execute(f'SET ROLE "{owner}"')  # what is restricted can be read by its owner alone
            await connection.copy_from_query(f'SELECT * FROM "{schema}"."{table}"', output=out)  # noqa: S608
            rows = [tuple(line.split("\t")) for line in out.getvalue().decode().splitlines()]
            name = table if schema == "public" else f"{schema}.{table}"
            found[name if name in BALLOT else f"{service}.{name}"] = rows
        await connection.close()
    return found


async def _streams(house: House) -> list[Record]:
    return [record for stream in STREAMS for record in await read_all(house.kafka, house.prefix + stream.name)]


def _written(before: Dump, after: Dump) -> set[str]:
    """The tables in which a row is new or another; what is over is cleared away at any moment."""
    return {
        table
        for table, rows in after.items()
        if set(rows) - set(before[table]) and table.split(".")[-1] not in BY_THE_CLOCK
    }


async def test_members_are_heard_and_nobody_who_has_everything_finds_out_who_said_what(house: House) -> None:
    round_id = await _round(house)
    people = [await house.join(person) for person in planted(MANY)]
    await house.level()

    async def is_quiet() -> bool:
        """All welcomes have gone out."""
        first, again = await _dumped(house), await _dumped(house)
        return not _written(first, again) and await house.is_level()

    await eventually(is_quiet, timeout=60)
    before, heard_before = await _dumped(house), await _streams(house)
    tokens, moments = [], []
    for number, member_id in enumerate(people):
        tokens.append(await _takes_a_token(house, member_id, round_id))
        sent = await _answers(house, round_id, tokens[-1], f"Said by number {number:02}")
        moments.append(datetime.now(UTC))
        assert (sent.status_code, sent.headers["location"]) == (303, f"/members/feedback/{round_id}/thanks")
    while_open, heard_meanwhile = await _dumped(house), await _streams(house)

    assert {"members.monitoring.answer", "members.monitoring.ledger", "members.monitoring.book"} <= before.keys()
    # What they did at known moments left three tables changed, and nothing on any stream.
    assert _written(before, while_open) == {"feedback_taken", "feedback_spent", "feedback_sealed"}
    assert heard_meanwhile == heard_before

    # The house's clock is everybody's: for this round alone its last day is over.
    connection = await asyncpg.connect(house.databases["members"])
    await connection.execute("UPDATE feedback_round SET closes_on = closes_on - 8 WHERE round_id = $1", UUID(round_id))
    await connection.close()

    async def closed() -> bool:
        return (await house.get(f"{MEMBERS}/feedback-rounds/{round_id}")).json()["closed_at"] is not None

    await eventually(closed, timeout=30)
    comments = await house.get(f"{MEMBERS}/feedback-rounds/{round_id}/comments", persona="team")
    await _ask(house, f"/feedback-rounds/{round_id}/summary", {"summary": "It reached you in part."})
    await _ask(house, f"/feedback-rounds/{round_id}/response", {"you_said": "In part.", "we_did": "We send it twice."})
    await house.level()
    after, heard = await _dumped(house), await _streams(house)

    assert sorted(its["words"] for its in comments.json()["comments"]) == [
        f"Said by number {number:02}" for number in range(MANY)
    ]
    everything = repr((while_open, after, heard))
    for what in (*tokens, *(token.replace("-", "") for token in tokens)):
        assert what not in everything
    assert "Said by number" not in repr((while_open, heard))
    ids = {str(member_id) for member_id in people}
    for dump in (while_open, after):
        ballot = {value for table in BALLOT for row in dump[table] for value in row}
        others = {value for table, rows in dump.items() if table not in BALLOT for row in rows for value in row}
        rounds = {row[0] for row in dump["members.feedback_round"]}
        words = {value for row in dump["feedback_figure"] for value in row[1:]}
        assert not ballot & ids
        assert ballot & others - words <= rounds
    for table in ("feedback_taken", "feedback_spent", "feedback_sealed"):
        assert [row for row in after[table] if round_id in row] == []
    # No instant on a stream is near to an answer: what is said of the round is said when it is opened and summed up.
    of_the_round = [its for its in heard if its.key == round_id.encode()]
    assert [(its.header("ce_type") or "").split(".")[-2] for its in of_the_round if ".public" in its.topic] == [
        "FeedbackRoundOpened",
        "FeedbackSummaryPublished",
        "FeedbackAnswered",
    ]
    seconds = [its.timestamp / 1000 for its in of_the_round]
    assert not [at for at in seconds if moments[0].timestamp() <= at <= moments[-1].timestamp()]
    page = (await house.http.get(f"/members/feedback/{round_id}", headers={"Accept": "text/html"})).text
    assert "We send it twice." in page
    assert "About 10 people answered." in page
