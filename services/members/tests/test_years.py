"""Three years of midnights: all that has a last day is over when that day ends in London, and is told once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Database, Transaction, connect
from members.feedback import closing as closing_rounds
from members.feedback import store as rounds
from members.feedback.domain import Asked, Round
from members.groups import champion_store, ending_terms, group_store, reaching_the_end, task_store
from members.groups.champions import Term as ChampionTerm
from members.groups.champions import Theme
from members.groups.task_groups import Deliverable
from members.groups.volunteering import Group
from members.groups.volunteering import Kind as GroupKind
from members.opportunities import closing as closing_opportunities
from members.opportunities import rotating, shadow_board_store
from members.opportunities import store as opportunities
from members.opportunities.calls import Kind, Opportunity
from members.opportunities.shadow_board import Seat, Term
from members.places import register
from members.places import store as places
from members.places.organisations import Organisation
from members.strategy import store as strategies
from members.strategy import telling_overdue
from members.strategy.commitments import Commitment
from members.strategy.strategies import Draft, Strategy

FIRST_DAY, OPENED = date(2027, 1, 4), datetime(2027, 1, 4, 9, tzinfo=UTC)
TEAM = UUID("00000000-0000-4000-8000-000000000001")
# Last days, and when each ends: in winter at midnight of UTC, in summer an hour before.
DAYS = (
    (date(2027, 3, 27), datetime(2027, 3, 28, 0, tzinfo=UTC)),
    (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # it has 23 hours
    (date(2027, 10, 30), datetime(2027, 10, 30, 23, tzinfo=UTC)),
    (date(2027, 10, 31), datetime(2027, 11, 1, 0, tzinfo=UTC)),  # it has 25
    (date(2027, 12, 31), datetime(2028, 1, 1, 0, tzinfo=UTC)),
    (date(2028, 2, 29), datetime(2028, 3, 1, 0, tzinfo=UTC)),
    (date(2028, 3, 26), datetime(2028, 3, 26, 23, tzinfo=UTC)),
    (date(2028, 10, 28), datetime(2028, 10, 28, 23, tzinfo=UTC)),
    (date(2028, 10, 29), datetime(2028, 10, 30, 0, tzinfo=UTC)),
    (date(2029, 3, 25), datetime(2029, 3, 25, 23, tzinfo=UTC)),
    (date(2029, 10, 28), datetime(2029, 10, 29, 0, tzinfo=UTC)),
)
TIMERS: Sequence[Callable[[Database], Awaitable[int]]] = (
    telling_overdue.tell_overdue,
    ending_terms.end_those_whose_day_has_ended,
    partial(closing_rounds.close_due, key=b"k" * 32),
    closing_opportunities.close_due,
    rotating.end_terms,
    reaching_the_end.of_one,
    register.carry_out,
)


async def keep(tx: Transaction, day: date) -> dict[str, UUID]:
    """One of everything whose last day this is: its id, by what it is."""
    ids = {what: uuid4() for what in ("promise", "heard", "theme", "term", "group", "seat", "round", "call", "place")}
    words = ("A baseline", None, "Team", "It is there.")
    await strategies.save(tx, Commitment(ids["promise"], *words, day, made_in=1))
    await strategies.save(tx, Commitment(ids["heard"], *words, date(2099, 12, 31), made_in=1))
    theme = Theme(ids["theme"], ids["theme"].hex, "Fair careers.", "The mailbox", OPENED, TEAM, OPENED)
    await champion_store.add(tx, theme)
    await champion_store.close_vacancy(tx, theme.theme_id)
    await champion_store.save(tx, ChampionTerm(ids["term"], ids["theme"], uuid4(), FIRST_DAY, day, OPENED, TEAM))
    group = ("Know.", "The mailbox", OPENED, TEAM)
    await group_store.add(
        tx, Group(ids["group"], GroupKind.TASK, ids["group"].hex, *group, charter="Ask.", ends_on=day)
    )
    await task_store.save_deliverables(tx, Deliverable(uuid4(), ids["group"], 1, "A part", OPENED, TEAM))
    await shadow_board_store.add_seat(tx, Seat(ids["seat"], "Early career", FIRST_DAY, OPENED, TEAM, FIRST_DAY, day))
    await shadow_board_store.add_term(tx, Term(uuid4(), ids["seat"], uuid4(), FIRST_DAY, day, OPENED, TEAM))
    await rounds.add(
        tx, Round(ids["round"], Asked(ids["heard"], "Did it reach you?", None, day, ("EO",)), OPENED, TEAM)
    )
    code = ids["place"].hex[:12].upper()
    await places.add(tx, Organisation(ids["place"], code, f"Office {code}", "", FIRST_DAY), by=TEAM)
    closes = Organisation(ids["place"], code, f"Office {code}", "", FIRST_DAY, day + timedelta(days=1), ("UKHSA",))
    await places.merge(tx, closes, by=TEAM)
    return ids


def call(opportunity_id: UUID, closes_at: datetime) -> Opportunity:
    return Opportunity(
        opportunity_id=opportunity_id,
        kind=Kind.CHAMPION,
        title="A champion",
        summary="Speak for a theme.",
        closes_at=closes_at,
        meets_on=None,
        capacity=1,
        rule="below-scs",
        policy_version=1,
        seed=None,
        opened_at=OPENED,
        opened_by=TEAM,
    )


async def work_off(database: Database) -> int:
    """All timers of a replica, until nothing is left: how much they did."""
    total = 0
    for take in TIMERS:
        while done := await take(database):
            total += done
    return total


async def said(database: Database) -> list[tuple[str, UUID, datetime]]:
    """Everything so far: what, of whom, and when."""
    async with database.transaction() as tx:
        rows: Sequence[Any] = await tx.fetch("SELECT type, subject, occurred_at FROM outbox ORDER BY id")
    return [(row["type"].split(".")[-2], row["subject"], row["occurred_at"]) for row in rows]


async def closed_at(database: Database, round_id: UUID) -> datetime | None:
    async with database.transaction() as tx:
        its = await rounds.by_id(tx, round_id)
    assert its is not None
    return its.closed_at


async def test_over_three_years_every_last_day_ends_at_midnight_in_london_once_for_two_replicas(alone: str) -> None:
    now = OPENED
    both = [await connect(alone, size=4, name=name, clock=lambda: now) for name in ("first", "second")]
    words = Draft("Strategy", "What we do.", "https://gse.example/s", "We value.", ())
    kept = []
    async with both[0].transaction() as tx:
        await strategies.add(tx, Strategy(uuid4(), 1, words, TEAM, OPENED))
        for day, ends_at in DAYS:
            its = await keep(tx, day)
            await opportunities.add(tx, call(its["call"], ends_at))
            kept.append(its)

    for its, (_, ends_at) in zip(kept, DAYS, strict=True):
        before = await said(both[0])
        now = ends_at - timedelta(microseconds=1)
        too_early = [await work_off(replica) for replica in both]
        still = await said(both[0]), await closed_at(both[0], its["round"])
        now = ends_at
        await asyncio.gather(*(work_off(replica) for replica in both * 2))
        after = (await said(both[0]))[len(before) :]

        assert (too_early, still) == ([0, 0], (before, None))
        assert sorted(after) == sorted(
            (name, its[what], ends_at)
            for name, what in (
                ("CommitmentOverdue", "promise"),
                ("ChampionTermEnded", "term"),
                ("TaskGroupDisbanded", "group"),
                ("ShadowBoardTermEnded", "seat"),
                ("ShadowBoardSeatOpened", "seat"),
                ("OpportunityClosed", "call"),
                ("OrganisationMerged", "place"),
            )
        )
        assert await closed_at(both[0], its["round"]) == ends_at
    for replica in both:
        await replica.close()
