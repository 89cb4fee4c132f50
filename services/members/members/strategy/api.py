"""The strategy over HTTP: its versions, and who publishes one."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from chassis import idempotency, outbox
from chassis.database import Database
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Link, Summary, Title
from members.roles.team import is_team
from members.strategy import store as strategy_store
from members.strategy import strategies
from members.strategy.strategies import Draft, NoStrategy, Strategy, Theme

router = APIRouter(prefix="/api/members/v1", tags=["strategy"], route_class=RetryingRoute)

_DRAFT: TypeAdapter[Draft] = TypeAdapter(Draft)
Heading = Annotated[Title, ONE_LINE]
Sentence = Annotated[Summary, ONE_LINE]
Mission = Annotated[str, StringConstraints(max_length=1000), ONE_LINE]
Number = Annotated[int, Field(ge=1, lt=2**31)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class PromiseForm(BaseModel):
    """A commitment: new, or carried over with its id. `owner` is a role, an organisation or a group; no person."""

    title: Heading
    summary: Sentence | None = None
    owner: Heading
    measure: Annotated[Sentence, Field(description="How anybody can tell that it is kept")]
    due_on: Annotated[Day, Field(description="It is overdue when this day has ended in London")]
    commitment_id: UUID | None = None


class GoalForm(BaseModel):
    title: Heading
    commitments: Annotated[list[PromiseForm], Field(max_length=50)] = []


class ThemeForm(BaseModel):
    title: Heading
    summary: Sentence | None = None
    goals: Annotated[list[GoalForm], Field(min_length=1, max_length=20)]


class StrategyForm(BaseModel):
    """A whole version. All of it is published to everybody, for ever: it names no person.

    What was a commitment and does not stand in it is dropped.
    """

    follows: Annotated[int, Field(ge=0, description="The version in force, 0 when none is")]
    title: Heading
    summary: Sentence
    link: Annotated[Link, ONE_LINE]
    mission: Mission
    themes: Annotated[list[ThemeForm], Field(min_length=1, max_length=20)]


class StrategyView(BaseModel):
    """A version as it was published; where its commitments stand now is told by `commitments`."""

    strategy_id: UUID
    version: int
    title: str
    summary: str
    link: str
    mission: str
    themes: tuple[Theme, ...]
    published_at: datetime
    published_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class VersionView(BaseModel):
    version: int
    title: str
    published_at: datetime
    published_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class Versions(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    strategies: list[VersionView]
    next: int | None


@router.get("/strategy")
async def present(database: Db, caller: MaybeSignedIn) -> StrategyView:
    """The version in force, for anyone."""
    async with database.transaction() as tx:
        return _strategy(await strategy_store.in_force(tx), caller)


@router.get("/strategies")
async def every(
    database: Db, caller: MaybeSignedIn, before: Number | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 100
) -> Versions:
    """Every version, for anyone."""
    found, following = await some_versions(database, before, limit)
    by_account = is_team(caller)
    views = [
        VersionView(
            version=its.version,
            title=its.words.title,
            published_at=its.published_at,
            published_by=its.published_by if by_account else None,
        )
        for its in found
    ]
    return Versions(strategies=views, next=following)


@router.get("/strategies/{version}")
async def of_version(version: Number, database: Db, caller: MaybeSignedIn) -> StrategyView:
    """A version as it was published, for anyone."""
    async with database.transaction() as tx:
        return _strategy(await strategy_store.version(tx, version), caller)


@router.post("/strategies", status_code=201)
async def publish(form: StrategyForm, database: Db, key: Key, caller: SignedIn, answer: Response) -> StrategyView:
    """Publish the version after the one in force. The very same again, and nothing happens: 200."""
    permit(caller, "team")
    draft = draft_of(form)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=uuid4(), status=201) is not None:
            return _strategy(await strategy_store.version(tx, form.follows + 1), caller)
        await strategy_store.hold(tx)
        in_force = await strategy_store.in_force(tx)
        if strategies.is_again(draft, form.follows, in_force):
            answer.status_code = 200
            return _strategy(in_force, caller)
        known = await strategy_store.hold_every(tx)
        publication = strategies.publish(
            draft, form.follows, in_force, known, new_id=uuid4, by=caller.account_id, now=tx.now
        )
        await strategy_store.add(tx, publication.strategy)
        await strategy_store.save(tx, *publication.commitments)
        await outbox.put(tx, *publication.said)
    return _strategy(publication.strategy, caller)


def draft_of(form: StrategyForm) -> Draft:
    return _DRAFT.validate_python(form.model_dump(exclude={"follows"}))


async def some_versions(database: Database, before: int | None, most: int) -> tuple[list[Strategy], int | None]:
    """Some versions, and from which one the next are to be asked for."""
    async with database.transaction(one_statement=True) as tx:
        found = await strategy_store.versions(tx, before=before, most=most + 1)
    return found[:most], found[most - 1].version if len(found) > most else None


def _strategy(its: Strategy | None, caller: Caller | None) -> StrategyView:
    if its is None:
        raise NoStrategy
    return StrategyView(
        strategy_id=its.strategy_id,
        version=its.version,
        **vars(its.words),
        published_at=its.published_at,
        published_by=its.published_by if is_team(caller) else None,
    )
