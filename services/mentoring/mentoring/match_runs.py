"""The scheme lead matches, looks at the pairs, and publishes them.

A run only proposes. Publishing decides anew, with every member of a proposed pair locked: who has left, withdrawn or
been paired since is in none. Leaving locks the same row, so that it comes before and is seen, or after and ends the
pair.
"""

import asyncio
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel

from chassis import idempotency, outbox, paging
from chassis.database import Transaction
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from mentoring import domain, matching, pair_store, scheme_store, schemes, store
from mentoring.domain import MatchRun, NoMatchRun

router = APIRouter(prefix="/api/mentoring/v1", tags=["match runs"], route_class=RetryingRoute)

AT_ONCE: Final = 100


class PairView(BaseModel):
    pair_id: UUID
    first: UUID
    second: UUID
    score: int
    reasons: tuple[str, ...]


class Pairs(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    pairs: list[PairView]
    next: UUID | None


class Unmatched(BaseModel):
    """Who of the run's pool still takes part and is in none of its pairs. `next` as with `Pairs`."""

    unmatched: list[UUID]
    next: UUID | None


class RunView(BaseModel):
    """With the first hundred `pairs` and `unmatched`; the two `…_next` lead to the others at `/pairs`, `/unmatched`."""

    run_id: UUID
    scheme_id: UUID
    run_at: datetime
    published_at: datetime | None
    pairs: list[PairView]
    pairs_next: UUID | None
    unmatched: list[UUID]
    unmatched_next: UUID | None


@router.post("/schemes/{scheme_id}/match-runs", status_code=201)
async def match(scheme_id: UUID, database: Db, key: Key, caller: SignedIn) -> RunView:
    """Propose the best pairs of those who wait in the scheme. Nobody is told before they are published."""
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        run = MatchRun(uuid4(), scheme_id, run_at=tx.now)
        if (earlier := await idempotency.claim(tx, key, resource_id=run.run_id, status=201)) is not None:
            return await _view(tx, await pair_store.run(tx, earlier))
        scheme = domain.taking_part(await scheme_store.by_id(tx, scheme_id))
        members = await scheme_store.enrolled(tx, scheme_id)
        await store.lock_all(tx, members)
        pool = await pair_store.waiting(tx, scheme_id, members)
        # Up to a second for the largest pool; in a thread other requests wait for a part of it only.
        proposals = await asyncio.to_thread(matching.propose, pool, across_organisations=scheme.across_organisations)
        await pair_store.add_run(tx, run)
        await pair_store.add_entrants(tx, run.run_id, [entrant.member_id for entrant in pool])
        for proposal in proposals:
            await pair_store.propose(tx, run.run_id, uuid4(), proposal)
        return await _view(tx, run)


@router.get("/match-runs/{run_id}")
async def show(run_id: UUID, database: Db, caller: SignedIn) -> RunView:
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        return await _view(tx, await pair_store.run(tx, run_id))


@router.get("/match-runs/{run_id}/pairs")
async def pairs(
    run_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None, limit: schemes.Limit = AT_ONCE
) -> Pairs:
    """Its pairs, by id, without those that are over."""
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        run = _there(await pair_store.run(tx, run_id))
        return await _pairs(tx, run.run_id, after=after, limit=limit)


@router.get("/match-runs/{run_id}/unmatched")
async def unmatched(
    run_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None, limit: schemes.Limit = AT_ONCE
) -> Unmatched:
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        run = _there(await pair_store.run(tx, run_id))
        return await _unmatched(tx, run.run_id, after=after, limit=limit)


@router.post("/match-runs/{run_id}/publish")
async def publish(run_id: UUID, database: Db, key: Key, caller: SignedIn) -> RunView:
    """Make the proposed pairs, without those that may no longer be. A second time changes nothing."""
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        await idempotency.claim(tx, key, resource_id=run_id, status=200)
        run = await pair_store.lock_run(tx, run_id)
        if run is None or run.published_at is not None:
            return await _view(tx, run)
        scheme = domain.taking_part(await scheme_store.by_id(tx, run.scheme_id))
        proposed = await pair_store.pairs_of(tx, run_id)
        members = [member_id for pair in proposed for member_id in (pair.first, pair.second)]
        await store.lock_all(tx, members)
        waiting = await pair_store.waiting(tx, run.scheme_id, members)
        created, completed = matching.publish(
            run_id, proposed, waiting, across_organisations=scheme.across_organisations, now=tx.now
        )
        await pair_store.begin(tx, [pair.pair_id for pair in created], tx.now)
        await pair_store.drop_proposals(tx, run_id)
        await pair_store.mark_published(tx, run_id, completed.published_at)
        await outbox.put(tx, *created, completed)
        return await _view(tx, await pair_store.run(tx, run_id))


async def _view(tx: Transaction, run: MatchRun | None) -> RunView:
    """Raises `NoMatchRun`."""
    run = _there(run)
    some = await _pairs(tx, run.run_id, after=None, limit=AT_ONCE)
    others = await _unmatched(tx, run.run_id, after=None, limit=AT_ONCE)
    return RunView(
        **vars(run),
        pairs=some.pairs,
        pairs_next=some.next,
        unmatched=others.unmatched,
        unmatched_next=others.next,
    )


def _there(run: MatchRun | None) -> MatchRun:
    if run is None:
        raise NoMatchRun
    return run


async def _pairs(tx: Transaction, run_id: UUID, *, after: UUID | None, limit: int) -> Pairs:
    found = await pair_store.pairs_of(tx, run_id, after=after, most=limit + 1)
    shown, following = paging.page(found, limit, attrgetter("pair_id"))
    return Pairs(pairs=[PairView(**vars(pair)) for pair in shown], next=following)


async def _unmatched(tx: Transaction, run_id: UUID, *, after: UUID | None, limit: int) -> Unmatched:
    found = await pair_store.unmatched_of(tx, run_id, after=after, most=limit + 1)
    shown, following = paging.page(found, limit, lambda member_id: member_id)
    return Unmatched(unmatched=list(shown), next=following)
