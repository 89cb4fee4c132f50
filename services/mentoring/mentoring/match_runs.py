"""The scheme lead matches, looks at the pairs, and publishes them.

A run only proposes. Publishing decides anew, with every member of a proposed pair locked: who has left, withdrawn or
been paired since is in none. Leaving locks the same row, so that it comes before and is seen, or after and ends the
pair.
"""

import asyncio
from datetime import datetime
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel

from chassis import idempotency, outbox
from chassis.database import Transaction
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from mentoring import domain, matching, pair_store, scheme_store, store
from mentoring.domain import MatchRun, NoMatchRun

router = APIRouter(prefix="/api/mentoring/v1", tags=["match runs"], route_class=RetryingRoute)


class PairView(BaseModel):
    pair_id: UUID
    first: UUID
    second: UUID
    score: int
    reasons: tuple[str, ...]


class RunView(BaseModel):
    """`unmatched` is who of the run's pool still takes part and is in none of `pairs`."""

    run_id: UUID
    scheme_id: UUID
    run_at: datetime
    published_at: datetime | None
    pairs: list[PairView]
    unmatched: list[UUID]


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
    if run is None:
        raise NoMatchRun
    pairs = await pair_store.pairs_of(tx, run.run_id)
    return RunView(
        **vars(run),
        pairs=[PairView(**vars(pair)) for pair in pairs],
        unmatched=await pair_store.unmatched_of(tx, run.run_id),
    )
