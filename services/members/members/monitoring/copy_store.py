"""What equality monitoring and the figures hold of a person, for the copy that they take away.

No table of the restricted schema is named: the service's own role sees none, so no test could find one missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller
from members.monitoring import store
from members.monitoring.ledger import counted_as
from members.monitoring.sealing import Vault

Rows = Sequence[Mapping[str, Any]]


def holdings(vault: Vault) -> tuple[Holding, ...]:
    """`vault` opens what is sealed."""

    async def answered(tx: Transaction, caller: Caller) -> Rows:
        if caller.member_id is None:
            return []
        async with store.opened(tx):
            its = await store.of(tx, vault, vault.name(caller.member_id))
        return (
            [{"about": what, "answer": code, "given_on": its.given_on} for what, code in its.codes.items()]
            if its
            else []
        )

    async def counted(tx: Transaction, caller: Caller) -> Rows:
        if caller.member_id is None:
            return []
        name = vault.name(caller.member_id)
        async with store.opened(tx):
            found = await store.ledger_of(tx, vault, name)
        return [
            {"quarter": period, "counted_in": " and ".join(its["place"]), "counted_as": its["codes"]}
            for period, its in counted_as(found, name)
        ]

    return (
        Holding("What you answered to equality monitoring", (), answered),
        Holding("How figures that are out counted you", (), counted),
        Holding("Figures that you published", ("statistics_release",), published),
    )


async def published(tx: Transaction, caller: Caller) -> Sequence[asyncpg.Record]:
    return await tx.fetch(
        "SELECT period, released_at FROM statistics_release WHERE released_by = $1 ORDER BY period", caller.account_id
    )
