"""Answers and what was counted of them: a schema of its own, which only the role for what is restricted may read.

    async with store.opened(tx): ...      # from here on this transaction reads restricted tables, and no others

The service takes that role on for some statements of a transaction and puts it down again. So no statement reads both
who somebody is and what they answered, and what must happen together still does.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from chassis.database import Transaction
from members.monitoring.answers import Answers
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


async def every(tx: Transaction, vault: Vault) -> dict[bytes, Answers]:
    """All answers there are, by the names of their rows."""
    rows = await tx.fetch("SELECT name, sealed FROM monitoring.answer")
    return {row["name"]: _answers(vault, row["name"], row["sealed"]) for row in rows}


async def forget_answers(tx: Transaction, name: bytes) -> bool:
    """Whether there were any."""
    await wait_for_a_release(tx)
    return await tx.execute("DELETE FROM monitoring.answer WHERE name = $1", name) == "DELETE 1"


async def forget(tx: Transaction, name: bytes) -> None:
    """Everything that is kept of a member here."""
    await wait_for_a_release(tx)
    await tx.execute("DELETE FROM monitoring.answer WHERE name = $1", name)
    await tx.execute("DELETE FROM monitoring.counted WHERE name = $1", name)


async def counted_of(tx: Transaction, vault: Vault, name: bytes) -> dict[str, dict[str, Any]]:
    """How releases that are still looked back to have counted a member, by period."""
    rows = await tx.fetch("SELECT period, sealed FROM monitoring.counted WHERE name = $1", name)
    return {row["period"]: vault.open(name, row["sealed"]) for row in rows}


async def counted_in(tx: Transaction, vault: Vault, period: str) -> dict[bytes, dict[str, Any]]:
    """Everybody whom a release has counted, by the names of their rows."""
    rows = await tx.fetch("SELECT name, sealed FROM monitoring.counted WHERE period = $1", period)
    return {row["name"]: vault.open(row["name"], row["sealed"]) for row in rows}


async def keep_counted(tx: Transaction, vault: Vault, period: str, counted: Mapping[bytes, Mapping[str, Any]]) -> None:
    """How a release counted everybody, in the place of what was kept for that period.

    Written by name, which is as good as by chance: members were read in an order that anybody can have who reads them.
    """
    await tx.execute(
        """
        INSERT INTO monitoring.counted (period, name, sealed)
        SELECT $1, name, sealed FROM unnest($2::bytea[], $3::bytea[]) AS its (name, sealed) ORDER BY name
        ON CONFLICT (period, name) DO UPDATE SET sealed = excluded.sealed""",
        period,
        list(counted),
        [vault.seal(name, contents) for name, contents in counted.items()],
    )


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


async def exact_of(tx: Transaction, vault: Vault, period: str) -> dict[str, Any] | None:
    """The figures of a release before they were made safe."""
    sealed = await tx.fetchval("SELECT sealed FROM monitoring.exact WHERE period = $1", period)
    return vault.open(period.encode(), sealed) if sealed is not None else None


async def keep_exact(tx: Transaction, vault: Vault, period: str, figures: Mapping[str, Any], *, filled_to: int) -> None:
    sealed = vault.seal(period.encode(), figures, filled_to=filled_to)
    await tx.execute("INSERT INTO monitoring.exact (period, sealed) VALUES ($1, $2)", period, sealed)


async def keep_only(tx: Transaction, periods: Iterable[str]) -> None:
    """Forget what was counted for others: no release looks back to them any more."""
    await tx.execute("DELETE FROM monitoring.counted WHERE period <> ALL($1::text[])", list(periods))
    await tx.execute("DELETE FROM monitoring.exact WHERE period <> ALL($1::text[])", list(periods))


def _answers(vault: Vault, name: bytes, sealed: bytes) -> Answers:
    its = vault.open(name, sealed)
    return Answers(its["version"], date.fromisoformat(its["given_on"]), its["codes"])
