"""Champions over HTTP: the central team names themes and appoints; members see who speaks for what, and resign."""

from datetime import date, datetime
from operator import attrgetter
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis import idempotency, outbox, paging
from chassis.idempotency import Key
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.groups import champion_store, champions, ending_terms
from members.groups.api import Limit, Line, Words
from members.groups.champion_store import Champion
from members.groups.champions import Ending, NoSuchTerm, NoSuchTheme, TermIsOver, Theme
from members.membership import store
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["champions"], route_class=RetryingRoute)


class ThemeForm(BaseModel):
    """Members read all of it: it names no person. `ask` says where to ask: a role or a shared mailbox."""

    title: Line
    purpose: Words
    ask: Line


class AppointmentForm(BaseModel):
    member_id: UUID
    ends_on: Annotated[date, Field(description="The last day of the term, in London; after today, within three years")]


class ChampionView(BaseModel):
    term_id: UUID
    member_id: Annotated[UUID | None, Field(description="For the team, and of yourself")]
    name: str
    organisation: str
    starts_on: date
    ends_on: date
    appointed_at: Annotated[datetime | None, Field(description="For the team, as the next")] = None
    appointed_by: Annotated[UUID | None, Field(description="An account")] = None


class ThemeView(BaseModel):
    """Its champions are twenty at most; members see none who is restricted. `vacant_since`: it has had none since."""

    theme_id: UUID
    title: str
    purpose: str
    ask: str
    vacant_since: datetime | None
    established_at: Annotated[datetime | None, Field(description="For the team, as the next")] = None
    established_by: Annotated[UUID | None, Field(description="An account")] = None
    champions: list[ChampionView]


class Themes(BaseModel):
    """By their names. `next`, given as `after`, leads to the following ones; None: these were the last."""

    themes: list[ThemeView]
    next: UUID | None


@router.post("/champion-themes", status_code=201)
async def establish(form: ThemeForm, database: Db, key: Key, caller: SignedIn) -> ThemeView:
    """Name a theme; it has no champion yet, so it has a vacancy."""
    permit(caller, "team")
    async with database.transaction() as tx:
        theme_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=theme_id, status=201)) is not None:
            found = await champion_store.champions(tx, [earlier])
            return view(there(await champion_store.by_id(tx, earlier)), found[earlier], caller)
        its = Theme(
            theme_id,
            **form.model_dump(),
            established_at=tx.now,
            established_by=caller.account_id,
            vacant_since=tx.now,
        )
        await champion_store.add(tx, its)
    return view(its, [], caller)


@router.get("/champion-themes")
async def every(
    database: Db, caller: SignedIn, *, vacant: bool | None = None, after: UUID | None = None, limit: Limit = 100
) -> Themes:
    """All themes, or those with or without a vacancy; for members and the team."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        found = await champion_store.some(tx, vacant=vacant, after=after, most=limit + 1)
        page, following = paging.page(found, limit, attrgetter("theme_id"))
        serving = await champion_store.champions(tx, [its.theme_id for its in page])
    return Themes(
        themes=[view(its, serving[its.theme_id], caller) for its in page],
        next=following,
    )


@router.get("/champion-themes/{theme_id}")
async def show(theme_id: UUID, database: Db, caller: SignedIn) -> ThemeView:
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        its = there(await champion_store.by_id(tx, theme_id))
        return view(its, (await champion_store.champions(tx, [theme_id]))[theme_id], caller)


@router.post("/champion-themes/{theme_id}/champions", status_code=201)
async def appoint(theme_id: UUID, form: AppointmentForm, database: Db, key: Key, caller: SignedIn) -> ThemeView:
    """Make a member a champion from today on; that closes the theme's vacancy. They hear of it."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=theme_id, status=201)
        # The member first, then the theme: who leaves the profession holds them in this order too.
        member = await store.lock(tx, form.member_id)
        theme = there(await champion_store.lock(tx, theme_id))
        if earlier is None:
            term, appointed = champions.appoint(
                theme,
                member,
                await champion_store.serving(tx, theme_id),
                term_id=uuid4(),
                ends_on=form.ends_on,
                by=caller.account_id,
                now=tx.now,
            )
            await champion_store.save(tx, term)
            await champion_store.close_vacancy(tx, theme_id)
            await outbox.put(tx, appointed)
        theme = there(await champion_store.by_id(tx, theme_id))
        return view(theme, (await champion_store.champions(tx, [theme_id]))[theme_id], caller)


@router.post("/champion-terms/{term_id}/ending")
async def end(term_id: UUID, database: Db, key: Key, caller: SignedIn) -> ThemeView:
    """End a term before its day: the champion resigns, or the team ends it."""
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=term_id, status=200)
        theme_id = await champion_store.theme_of(tx, term_id)
        if theme_id is None:
            raise NoSuchTerm
        await champion_store.lock(tx, theme_id)
        its = await champion_store.term(tx, term_id)
        if its is None or not (is_team(caller) or caller.member_id == its.member_id is not None):
            raise NoSuchTerm
        if earlier is None:
            if its.ended is not None:
                raise TermIsOver
            how = Ending.RESIGNED if caller.member_id == its.member_id else Ending.BY_THE_TEAM
            said = await ending_terms.end(tx, theme_id, lambda _: [its], how, by=caller.account_id)
            await outbox.put(tx, *said)
        theme = there(await champion_store.by_id(tx, theme_id))
        return view(theme, (await champion_store.champions(tx, [theme_id]))[theme_id], caller)


def there(its: Theme | None) -> Theme:
    if its is None:
        raise NoSuchTheme
    return its


def view(its: Theme, serving: list[Champion], caller: Caller) -> ThemeView:
    return ThemeView(
        theme_id=its.theme_id,
        title=its.title,
        purpose=its.purpose,
        ask=its.ask,
        vacant_since=its.vacant_since,
        established_at=its.established_at if is_team(caller) else None,
        established_by=its.established_by if is_team(caller) else None,
        champions=[
            ChampionView(
                term_id=each.term.term_id,
                member_id=each.term.member_id if is_team(caller) or _is(each, caller) else None,
                name=each.name,
                organisation=each.organisation,
                starts_on=each.term.starts_on,
                ends_on=each.term.ends_on,
                appointed_at=each.term.appointed_at if is_team(caller) else None,
                appointed_by=each.term.appointed_by if is_team(caller) else None,
            )
            for each in seen_by(caller, serving)
        ],
    )


def seen_by(caller: Caller, serving: list[Champion]) -> list[Champion]:
    """The team and the champion themself see everybody; other members nobody who is restricted."""
    return [its for its in serving if not its.is_restricted or is_team(caller) or _is(its, caller)]


def _is(its: Champion, caller: Caller) -> bool:
    return caller.member_id == its.term.member_id
