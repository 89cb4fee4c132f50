"""Which doors members says are open: a projection, so its tables are written here alone, and nobody is in them."""

from datetime import datetime, time, timedelta

from chassis.database import Transaction
from chassis.days import LONDON
from contracts.feedback import FeedbackRoundOpened
from contracts.groups import (
    ChampionAppointed,
    ChampionTermEnded,
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupEstablished,
    TaskGroupExtended,
)
from contracts.opportunities import OpportunityOpened, ShadowBoardMemberAppointed, ShadowBoardSeatOpened
from notifications import door_store
from notifications.door_store import GROUP, QUESTION, SEAT, Door


async def open_opportunity(event: OpportunityOpened, tx: Transaction) -> None:
    """Until its closing instant; of the grades that may apply nothing is kept where all may."""
    grades = None if event.open_to is None else [its.value for its in event.open_to]
    its = Door(event.opportunity_id, event.kind, event.title, event.summary, event.closes_at, None, grades)
    await door_store.keep(tx, its)


async def open_seat(event: ShadowBoardSeatOpened, tx: Transaction) -> None:
    """Until somebody is appointed; a seat opens again and again."""
    await door_store.keep(tx, Door(event.seat_id, SEAT, event.title))


async def take_seat(event: ShadowBoardMemberAppointed, tx: Transaction) -> None:
    """The seat, not who has it."""
    await door_store.shut(tx, event.seat_id)


async def open_question(event: FeedbackRoundOpened, tx: Transaction) -> None:
    """Until its last day ends in London."""
    midnight = datetime.combine(event.closes_on + timedelta(days=1), time(), LONDON)
    await door_store.keep(tx, Door(event.round_id, QUESTION, event.title, closes_at=midnight, ends_on=event.closes_on))


async def open_group(event: TaskGroupEstablished, tx: Transaction) -> None:
    """Until it disbands: past its last day one may still join."""
    await door_store.keep(tx, Door(event.group_id, GROUP, event.title, ends_on=event.ends_on))


async def extend_group(event: TaskGroupExtended, tx: Transaction) -> None:
    """Its last day is a later one."""
    await door_store.extend(tx, event.group_id, event.ends_on)


async def shut_group(event: TaskGroupDisbanded, tx: Transaction) -> None:
    """Nobody joins any more."""
    await door_store.shut(tx, event.group_id)


async def name_group(event: GroupMeetingScheduled, tx: Transaction) -> None:
    """What a group is called, which of a standing one nothing else says; a name stays for good."""
    if event.title is not None:
        await door_store.keep_name(tx, event.group_id, event.title)


async def take_theme(event: ChampionAppointed, tx: Transaction) -> None:
    """The theme has a champion; who, is not kept here."""
    await door_store.keep_term(tx, event.term_id, event.theme_id, is_over=False)


async def free_theme(event: ChampionTermEnded, tx: Transaction) -> None:
    """The theme may have no champion now: terms are subjects of their own, so all of its terms together say so."""
    await door_store.keep_term(tx, event.term_id, event.theme_id, is_over=True)
