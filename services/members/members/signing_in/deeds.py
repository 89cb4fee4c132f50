"""Who did what and when, put into words for the central team on the page of what was done.

In the API the same stands in fields that end in `_by`: accounts. A page names the member behind an account, if there is
one who is present; whoever has left is an account alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.database import Transaction
from chassis.identity import Caller
from members.signing_in import account_store

BY_ITSELF: Final = "by itself"


@dataclass(frozen=True)
class Deed:
    """`by` is an account; where it is None, `otherwise` says who it was. `at` None: it has not been done."""

    what: str
    at: datetime | None
    by: UUID | None
    otherwise: str = BY_ITSELF


@dataclass(frozen=True)
class Told:
    """`who` is a member's name where `member_id` leads to their page; otherwise words such as “by you”."""

    what: str
    at: datetime
    who: str
    member_id: UUID | None = None


async def for_team(tx: Transaction, caller: Caller | None, *deeds: Deed) -> list[Told]:
    """Those of the deeds that have been done, in their order; for anybody but the team there are none."""
    if caller is None or "team" not in caller.roles:
        return []
    known = await account_store.names(tx, {its.by for its in deeds if its.by is not None})
    return [_told(its, its.at, caller, known) for its in deeds if its.at is not None]


async def behind(tx: Transaction, caller: Caller, accounts: Collection[UUID | None]) -> dict[UUID, Told]:
    """For a list of many things: who is behind each of these accounts, as `for_team` says it, without what or when."""
    known = await account_store.names(tx, {its for its in accounts if its is not None})
    return {its: _told(Deed("", None, its), tx.now, caller, known) for its in accounts if its is not None}


def _told(its: Deed, at: datetime, caller: Caller, known: dict[UUID, tuple[UUID, str]]) -> Told:
    if its.by is None:
        return Told(its.what, at, its.otherwise)
    if its.by == caller.account_id:
        return Told(its.what, at, "by you")
    if its.by in known:
        member_id, name = known[its.by]
        return Told(its.what, at, name, member_id)
    return Told(its.what, at, f"by account {its.by}")
