"""Whoever has copies of the whole database, taken at any moments, tries to find out who answered what.

A dump is a COPY of each table, which is what `pg_dump` writes, and beside it the transactions that PostgreSQL keeps of
each row: which wrote it, which locked it last. That it shows the order of answers is told of in the README.
"""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from httpx2 import AsyncClient

from chassis.database import Database
from members.feedback import closing, secrecy
from testkit.eventually import eventually

API = "/api/members/v1"
KEY = b"only-these-tests-keep-feedback-secret-so"
MANY = 40
BALLOT = {"feedback_taken", "feedback_spent", "feedback_sealed", "feedback_figure", "feedback_comment"}
BESIDE_THE_CLOCK = {"relay_lease"}  # renewed each second, whatever happens
Do = Callable[..., Awaitable[Any]]
Dump = dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
async def attacker(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def dumped(connection: asyncpg.Connection) -> Dump:
    """Each table's rows as text, in the order in which they lie there; of all schemas."""
    tables = await connection.fetch(
        """
        SELECT schemaname, tablename, tableowner FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""
    )
    found: Dump = {}
    for schema, table, owner in tables:
        out = io.BytesIO()
        await connection.execute(f'SET ROLE "{owner}"')  # what is restricted can be read by its owner alone
        await connection.copy_from_query(f'SELECT * FROM "{schema}"."{table}"', output=out)  # noqa: S608
        name = table if schema == "public" else f"{schema}.{table}"
        found[name] = [tuple(line.split("\t")) for line in out.getvalue().decode().splitlines()]
    await connection.execute("RESET ROLE")
    return found


async def transactions(connection: asyncpg.Connection, tables: set[str]) -> set[str]:
    """Those that wrote or locked a row of one of these tables."""
    found: set[str] = set()
    for table in tables:
        rows = await connection.fetch(f'SELECT xmin::text, xmax::text FROM "{table}"')  # noqa: S608
        found |= {xid for row in rows for xid in row}
    return found - {"0"}


def values(dump: Dump, tables: set[str]) -> set[str]:
    return {value for table in tables for row in dump.get(table, []) for value in row}


def text(dump: Dump) -> str:
    return repr(dump)


def correlation(order: list[int]) -> float:
    """Spearman's: 1 when the numbers from 0 on stand in their order, -1 when in reverse, about 0 when by chance."""
    n = len(order)
    return 1 - 6 * sum((place - number) ** 2 for place, number in enumerate(order)) / (n * (n * n - 1))


class Told:
    """One round in which each answer is known to the test, in the order in which it was given."""

    def __init__(self, round_id: str) -> None:
        self.round_id = round_id
        self.members: list[str] = []
        self.tokens: list[str] = []
        self.before: Dump = {}
        self.while_open: Dump = {}
        self.of_ballot: set[str] = set()  # transactions
        self.of_others: set[str] = set()
        self.after: Dump = {}


@pytest.fixture(scope="module")
async def told(client: AsyncClient, ask: Do, join: Do, later: Database, attacker: asyncpg.Connection) -> Told:
    """Forty members take a token and answer, one after the other."""
    its = Told(await ask())
    at = f"{API}/feedback-rounds/{its.round_id}"
    people = [await join() for _ in range(MANY)]

    async def all_is_said() -> bool:
        return not await attacker.fetchval("SELECT count(*) FROM outbox")

    await eventually(all_is_said, timeout=30)
    its.before = await dumped(attacker)
    for number, (member_id, member) in enumerate(people):
        its.members.append(member_id)
        key = {"Idempotency-Key": f"by-member-{number}"}
        its.tokens.append((await client.post(f"{at}/tokens", headers=member | key)).json()["token"])
        form = {"token": its.tokens[-1], "rating": "well", "comment": f"What number {number:02} says"}
        assert (await client.post(f"{at}/answers", json=form, headers=member | key)).status_code == 204
    its.while_open = await dumped(attacker)
    its.of_ballot = await transactions(attacker, BALLOT)
    others = {table for table in its.while_open if "." not in table} - BALLOT - {"feedback_round"}
    its.of_others = await transactions(attacker, others)
    while await closing.close_due(later, key=KEY):
        pass
    its.after = await dumped(attacker)
    return its


async def test_a_dump_shows_neither_what_was_answered_nor_who_took_part_while_a_round_is_open(told: Told) -> None:
    ballot = values(told.while_open, BALLOT)

    assert len(told.while_open["feedback_taken"]) == len(told.while_open["feedback_sealed"]) == MANY
    assert not ballot & set(told.members)
    assert "What number" not in text(told.while_open)
    assert len({len(row[2]) for row in told.while_open["feedback_sealed"]}) == 1


async def test_no_value_leads_from_a_table_of_the_ballot_to_any_other(told: Told) -> None:
    for dump in (told.while_open, told.after):
        others = values(dump, set(dump) - BALLOT)
        assert values(dump, BALLOT) & others - groups_and_ratings(dump) <= {row[0] for row in dump["feedback_round"]}
        for table in BALLOT:
            here, there = values(dump, {table}), values(dump, BALLOT - {table})
            assert here & there - groups_and_ratings(dump) <= {row[0] for row in dump["feedback_round"]}


async def test_taking_and_answering_leave_no_row_but_in_the_ballot(told: Told) -> None:
    """Also with an Idempotency-Key, which others keep with an instant and for an account."""
    changed = {
        table
        for table in told.before
        if sorted(told.before[table]) != sorted(told.while_open[table]) and table not in BESIDE_THE_CLOCK
    }

    assert changed == {"feedback_taken", "feedback_spent", "feedback_sealed"}
    assert {"monitoring.answer", "monitoring.ledger", "monitoring.book"} <= told.before.keys()


async def test_no_transaction_that_took_a_token_or_answered_stands_in_another_row(told: Told) -> None:
    """Nor did one lock a member, whose row would keep that for years."""
    assert len(told.of_ballot) >= 2 * MANY
    assert told.of_ballot & told.of_others == set()


async def test_a_ballot_has_no_instant_and_no_number_that_counts(attacker: asyncpg.Connection) -> None:
    columns = await attacker.fetch(
        """
        SELECT table_name || '.' || column_name AS name, data_type, column_default, is_identity
        FROM information_schema.columns WHERE table_name = ANY($1::text[])""",
        list(BALLOT),
    )

    assert {row["data_type"] for row in columns} == {"uuid", "bytea", "text", "integer"}
    assert [row["name"] for row in columns if row["data_type"] == "integer"] == ["feedback_figure.number"]
    assert {(row["column_default"], row["is_identity"]) for row in columns} == {(None, "NO")}


async def test_no_token_is_kept_and_who_has_somebodys_finds_a_hash_beside_nothing(told: Told) -> None:
    for dump in (told.while_open, told.after):
        everything = text(dump)
        assert [token for token in told.tokens if token in everything or token.replace("-", "") in everything] == []
    hashes = {row[0].removeprefix("\\\\x") for row in told.while_open["feedback_spent"]}
    assert len(hashes) == MANY


async def test_when_a_round_has_closed_nothing_tells_who_took_part_or_in_which_order(told: Told) -> None:
    its = told.after
    written = [row[2] for row in its["feedback_comment"] if row[1] == told.round_id]
    by_id = [row[2] for row in sorted(its["feedback_comment"]) if row[1] == told.round_id]

    assert {table: len(its[table]) for table in ("feedback_taken", "feedback_spent", "feedback_sealed")} == {
        "feedback_taken": 0,
        "feedback_spent": 0,
        "feedback_sealed": 0,
    }
    for found in (written, by_id):
        order = [int(words.split()[2]) for words in found]
        assert sorted(order) == list(range(MANY))
        assert abs(correlation(order)) < 0.8  # by chance in one of a million runs it is not


def test_an_order_that_was_kept_would_be_found() -> None:
    assert correlation(list(range(MANY))) == 1
    assert correlation(list(range(MANY))[::-1]) == -1


async def test_who_also_has_the_key_reads_the_answers_of_an_open_round_and_no_more(told: Told) -> None:
    """What the README says plainly, and why the key stands where no dump is taken."""
    sealed = [row[2] for row in told.while_open["feedback_sealed"]]
    opened = [secrecy.open_sealed(KEY, UUID(told.round_id), each).comment for each in sealed]

    assert sorted(filter(None, opened)) == [f"What number {number:02} says" for number in range(MANY)]


def groups_and_ratings(dump: Dump) -> set[str]:
    """Words that say nothing: codes, ratings, an empty cell."""
    return {value for row in dump["feedback_figure"] for value in row[1:]} | {"", "\\N"}
