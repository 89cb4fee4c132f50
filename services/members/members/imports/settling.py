"""What becomes of each row of a file that is kept. A timer's work.

Each of its small transactions settles some rows and says what they did: a kill at any instant loses nothing and
repeats nothing, and another replica or the next start goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from chassis import outbox
from chassis.database import Database, Transaction
from contracts.base import DomainEvent
from contracts.refusal import Invalid
from members.imports import store as import_store
from members.imports.store import Import, Settled
from members.membership import answers, domain, store
from members.membership.domain import Member
from members.places import store as organisation_store
from members.places.organisations import Places
from members.rights import change_store
from members.roles import moving

BATCH: Final = 250  # rows a transaction: short, so that whoever joins meanwhile hardly waits


async def work_off(database: Database) -> int:
    """Settles the next rows of the oldest import that nobody else works on; gives 0 when there is none."""
    async with database.transaction() as tx:
        under_way = await import_store.next_under_way(tx)
        if under_way is None:
            return 0
        rows = await import_store.rows_to_do(tx, under_way.import_id, BATCH)
        places = await organisation_store.places(tx)
        candidates, settled = _decide(rows, places, only=under_way.organisation, now=tx.now)
        candidates, gone = await _not_brought_back(tx, under_way, candidates)
        settled += gone
        added = await store.add(tx, [candidate.member for candidate in candidates])
        # Held, so that an erasure in this instant comes later and takes them out of the report.
        others = [its.email for its in candidates if its.member.member_id not in added]
        there = await store.hold_by_email(tx, others) if others else {}
        said = list[DomainEvent]()
        moved_ids = list[UUID]()
        for candidate in candidates:
            if candidate.member.member_id in added:
                settled.append(Settled(candidate.line, "joined", candidate.member.member_id))
                said += candidate.events
            elif (member := await _to_move(tx, candidate, there, places)) is not None:
                moved, transferred = domain.transfer(member, candidate.member.organisation, candidate.member.grade)
                await store.save(tx, moved)
                settled.append(Settled(candidate.line, "transferred", moved.member_id))
                said.append(transferred)
                moved_ids.append(moved.member_id)
            else:
                settled.append(_already_there(candidate, there, only=under_way.organisation))
        await change_store.record_import(tx, moved_ids, under_way.import_id)
        said = [*await moving.let_go(tx, moved_ids, by=under_way.account_id), *said]
        await import_store.settle(tx, under_way.import_id, settled)
        if len(rows) < BATCH:
            await import_store.finish(tx, under_way.import_id)
        await outbox.put(tx, *said)
    return 1


@dataclass(frozen=True)
class _Candidate:
    """A row that is in order: who joins by it, and what is said of it, unless they are a member already."""

    line: int
    email: str
    member: Member
    events: tuple[DomainEvent, ...]


def _decide(
    rows: Sequence[tuple[int, dict[str, str]]], places: Places, *, only: str | None, now: datetime
) -> tuple[list[_Candidate], list[Settled]]:
    """Who may join, and which rows are refused."""
    candidates: list[_Candidate] = []
    refused: list[Settled] = []
    for line, cells in rows:
        try:
            application, joined_on = answers.imported(cells, places, only=only)
        except Invalid as wrong:
            refused.append(Settled(line, "refused", errors=wrong.errors))
        else:
            member, *events = domain.join(application, member_id=uuid4(), joined_on=joined_on, verified_at=now)
            candidates.append(_Candidate(line, application.email, member, tuple(events)))
    return candidates, refused


async def _not_brought_back(
    tx: Transaction, under_way: Import, candidates: list[_Candidate]
) -> tuple[list[_Candidate], list[Settled]]:
    """Who may still join: not by a line that was taken as the same file was sent before, and has nobody now."""
    before = await import_store.taken_before(tx, under_way.import_id, [its.line for its in candidates])
    again = [its for its in candidates if its.line in before]
    there = await store.hold_by_email(tx, [its.email for its in again]) if again else {}
    gone = {its.line for its in again if its.email not in there}
    left = [its for its in candidates if its.line not in gone]
    return left, [Settled(line, "taken-before") for line in gone]


async def _to_move(
    tx: Transaction, candidate: _Candidate, there: Mapping[str, tuple[UUID, str]], places: Places
) -> Member | None:
    """The row's member, held, if their organisation has closed and the row says which of its heirs they work for."""
    wanted = candidate.member.organisation
    member_id, organisation = there.get(candidate.email, (None, ""))
    if member_id is None or wanted not in {its.code for its in places.heirs(organisation)}:
        return None
    member = await store.lock_to_move(tx, member_id)  # another import or the member may have been first
    return member if wanted in {its.code for its in places.heirs(member.organisation)} else None


def _already_there(candidate: _Candidate, there: Mapping[str, tuple[UUID, str]], *, only: str | None) -> Settled:
    """Names the member, except to an organisation that it does not belong to."""
    member_id, organisation = there.get(candidate.email, (None, None))
    return Settled(candidate.line, "already-a-member", member_id if only in (None, organisation) else None)
