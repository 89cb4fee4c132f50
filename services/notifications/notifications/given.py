"""What members were given, for their own pages: a champion's term, a seat of the Shadow Board, a place.

Each is told of too, as the table says. The recipient is held first, as everywhere: whoever left is given nothing.
"""

from chassis.database import Transaction
from contracts.groups import ChampionAppointed, ChampionTermEnded
from contracts.opportunities import (
    FocusGroupHeld,
    ParticipantsSelected,
    PlaceGivenUp,
    ShadowBoardMemberAppointed,
    ShadowBoardMemberStoodDown,
    ShadowBoardTermEnded,
)
from notifications import given_store
from notifications.domain import RecipientState
from notifications.given_store import Given, What
from notifications.reactions import all_held, tell


async def appoint_champion(event: ChampionAppointed, tx: Transaction) -> None:
    """They hear of it, and their page shows it until it ends."""
    await _give(tx, Given(What.CHAMPION, event.term_id, event.member_id, event.theme_id, event.ends_on))
    await tell(event, tx)


async def end_championship(event: ChampionTermEnded, tx: Transaction) -> None:
    """They hear of it, and the team where the theme has no champion now."""
    await given_store.take_back(tx, What.CHAMPION, event.term_id)
    await tell(event, tx)


async def seat(event: ShadowBoardMemberAppointed, tx: Transaction) -> None:
    """They hear of it, and their page shows it until the term ends."""
    await _give(tx, Given(What.SEAT, event.seat_id, event.member_id, event.seat_id, event.ends_on))
    await tell(event, tx)


async def stand_down(event: ShadowBoardMemberStoodDown, tx: Transaction) -> None:
    """They hear of it, and have the seat no more; somebody else may have the rest of its term."""
    await given_store.take_back(tx, What.SEAT, event.seat_id, event.member_id)
    await tell(event, tx)


async def unseat(event: ShadowBoardTermEnded, tx: Transaction) -> None:
    """Nobody has the seat."""
    await given_store.take_back(tx, What.SEAT, event.seat_id)


async def give_places(event: ParticipantsSelected, tx: Transaction) -> None:
    """They hear of it, and their pages show it until the group has met."""
    places = [Given(What.PLACE, event.opportunity_id, its, event.opportunity_id) for its in event.member_ids]
    await _give(tx, *places)
    await tell(event, tx)


async def give_up_place(event: PlaceGivenUp, tx: Transaction) -> None:
    """It is not theirs any more."""
    await given_store.take_back(tx, What.PLACE, event.opportunity_id, event.member_id)


async def let_places_go(event: FocusGroupHeld, tx: Transaction) -> None:
    """It has met."""
    await given_store.take_back(tx, What.PLACE, event.opportunity_id)


async def _give(tx: Transaction, *given: Given) -> None:
    recipients = await all_held(tx, [its.member_id for its in given])
    there = [its for its in given if recipients[its.member_id].state is not RecipientState.LEFT]
    await given_store.give(tx, *there)
