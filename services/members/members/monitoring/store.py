"""Answers and what was counted of them: a schema of its own, which only the role for what is restricted may read.

    async with store.opened(tx): ...      # from here on this transaction reads restricted tables, and no others

The service takes that role on for some statements of a transaction and puts it down again. So no statement reads both
who somebody is and what they answered, and what must happen together still does.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date

from chassis.database import Transaction
from members.monitoring import ledger
from members.monitoring.answers import Answers
from members.monitoring.ledger import Ledger
from members.monitoring.sealing import Vault


@asynccontextmanager
async def opened(tx: Transaction) -> AsyncIterator[None]:
    """In the block the transaction has the restricted role; a block that fails has ended its transaction."""
    await tx.execute("SELECT set_config('role', session_user || '_restricted', true)")
    yield
    await tx.execute("SELECT set_config('role', 'none', true)")


async def hold_for_a_release(tx: Transaction) -> None:
    """Until the transaction ends nobody is forgotten here, so that a release writes nobody who is gone by then."""
    await tx.execute("LOCK TABLE monitoring.counted IN SHARE ROW EXCLUSIVE MODE")


async def wait_for_a_release(tx: Transaction) -> None:
    """What follows sees all that a release under way keeps of somebody; none begins until the transaction ends."""
    await tx.execute("LOCK TABLE monitoring.counted IN ROW EXCLUSIVE MODE")


async def keep(tx: Transaction, vault: Vault, name: bytes, its: Answers) -> None:
    """In the place of what was answered before."""
    contents = {"version": its.version, "given_on": its.given_on.isoformat(), "codes": dict(its.codes)}
    await tx.execute(
        """
        INSERT INTO monitoring.answer (name, sealed) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed""",
        name,
        vault.seal(name, contents),
    )


async def of(tx: Transaction, vault: Vault, name: bytes) -> Answers | None:
    sealed = await tx.fetchval("SELECT sealed FROM monitoring.answer WHERE name = $1", name)
    return _answers(vault, name, sealed) if sealed is not None else None


async def every(tx: Transaction, vault: Vault) -> dict[bytes, Mapping[str, str]]:
    """The codes of all answers there are, by the names of their rows."""
    rows = await tx.fetch("SELECT name, sealed FROM monitoring.answer")
    return {name: vault.open(name, sealed)["codes"] for name, sealed in rows}


async def forget_answers(tx: Transaction, vault: Vault, name: bytes) -> None:
    """Also as what releases have counted them; where stays."""
    await wait_for_a_release(tx)
    await tx.execute("DELETE FROM monitoring.answer WHERE name = $1", name)
    its = await ledger_of(tx, vault, name)
    if name in its.rows:
        sealed = vault.seal_bytes(_bound(name, its), ledger.without_answers(its, its.rows[name]))
        await tx.execute("DELETE FROM monitoring.counted WHERE name = $1", name)
        await tx.execute(
            """
            INSERT INTO monitoring.ledger (name, sealed) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed""",
            name,
            sealed,
        )


async def forget(tx: Transaction, name: bytes) -> None:
    """Everything that is kept of a member here."""
    await wait_for_a_release(tx)
    for table in ("answer", "ledger", "counted"):
        await tx.execute(f"DELETE FROM monitoring.{table} WHERE name = $1", name)  # noqa: S608 (ours)


async def ledger_of(tx: Transaction, vault: Vault, name: bytes | None = None) -> Ledger:
    """What releases that are still looked back to have counted: of one member, or of everybody."""
    rows = await tx.fetch(
        """
        SELECT period, sealed, NULL::bytea AS name, true AS is_exact FROM monitoring.book
        UNION ALL SELECT period, sealed, NULL, true FROM monitoring.exact
        UNION ALL SELECT NULL, sealed, name, false FROM monitoring.ledger WHERE $1::bytea IS NULL OR name = $1
        UNION ALL SELECT period, sealed, name, false FROM monitoring.counted WHERE $1::bytea IS NULL OR name = $1
        """,
        name,
    )
    exact = {its: vault.open(its.encode(), sealed) for its, sealed, _, is_exact in rows if is_exact}
    empty = Ledger(exact, {})
    found = {of: vault.open_bytes(_bound(of, empty), sealed) for its, sealed, of, _ in rows if its is None}
    for its, sealed, of, is_exact in rows:
        if its is not None and not is_exact:  # as rows were before, one for each release
            kept, at = vault.open(of, sealed), empty.slices[its]
            row = found.get(of, empty.nobody)
            part = ledger.row_of(empty.books[its], tuple(kept["place"]), kept["codes"])
            found[of] = row[: at.start] + part + row[at.stop :]
    return Ledger(exact, found)


async def keep_ledger(tx: Transaction, vault: Vault, its: Ledger, *, filled_to: int) -> None:
    """In the place of what was kept; `filled_to` is the length of the figures of each release."""
    rows = [(name, vault.seal_bytes(_bound(name, its), its.rows[name])) for name in sorted(its.rows)]
    for table in ("ledger", "counted", "exact"):
        await tx.execute(f"DELETE FROM monitoring.{table}")  # noqa: S608 (ours)
    await tx.execute(
        "INSERT INTO monitoring.ledger (name, sealed) SELECT * FROM unnest($1::bytea[], $2::bytea[])",
        [name for name, _ in rows],
        [sealed for _, sealed in rows],
    )
    await tx.execute("DELETE FROM monitoring.book WHERE period <> ALL($1::text[])", list(its.exact))
    there = {row["period"] for row in await tx.fetch("SELECT period FROM monitoring.book")}
    for period in its.exact.keys() - there:
        sealed = vault.seal(period.encode(), its.exact[period], filled_to=filled_to)
        await tx.execute("INSERT INTO monitoring.book (period, sealed) VALUES ($1, $2)", period, sealed)


async def lay_by_chance(tx: Transaction) -> None:
    """Write all answers anew, by name, in one transaction, unless they are: how they lay told who came before whom.

    Whoever is forgotten waits for it, as for a release: their rows would come back.
    """
    await hold_for_a_release(tx)
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM monitoring.answer WHERE (SELECT count(DISTINCT xmin::text) FROM monitoring.answer) > 1
            RETURNING name, sealed
        )
        INSERT INTO monitoring.answer (name, sealed) SELECT name, sealed FROM gone ORDER BY name"""
    )


def _bound(name: bytes, its: Ledger) -> bytes:
    """What a row is sealed for: whose it is, and of which releases."""
    return name + "|".join(its.books).encode()


def _answers(vault: Vault, name: bytes, sealed: bytes) -> Answers:
    its = vault.open(name, sealed)
    return Answers(its["version"], date.fromisoformat(its["given_on"]), its["codes"])
