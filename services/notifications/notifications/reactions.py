"""What notifications does when members or mentoring says something, or events of a key date.

Joined, left and contact come on two streams in any order. Each reaction holds the recipient's row from its first
statement on, so that whichever comes last sees what the others did.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from chassis.database import Transaction
from contracts.events import KeyDateScheduled
from contracts.members import MemberContactChanged, MemberJoined, MemberLeft
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from notifications import domain, hosted_event_store, my_store, store
from notifications.domain import Recipient


async def welcome(events: list[MemberJoined], tx: Transaction) -> None:
    """New members get one welcome each, once their address is here."""
    decided = [
        domain.welcome(recipient, notice_id=uuid4(), event_id=tx.event_ids[member_id], now=tx.now)
        for member_id, recipient in (await all_held(tx, [event.member_id for event in events])).items()
    ]
    stay = [its for its in decided if its is not None]
    if stay:
        await store.save_recipients(tx, *(known for known, _ in stay))
        await store.add_notices(tx, *(notice for _, notice in stay))


async def keep_contacts(events: list[MemberContactChanged], tx: Transaction) -> None:
    """The newest name and address count, also for what waits or is due."""
    recipients = await all_held(tx, [event.member_id for event in events])
    decided = [domain.with_contact(recipients[event.member_id], name=event.name, email=event.email) for event in events]
    reachable = [its for its in decided if its is not None]
    if reachable:
        await store.save_recipients(tx, *reachable)
        await store.make_waiting_due(tx, *(its.member_id for its in reachable))


async def let_go(event: MemberLeft, tx: Transaction) -> None:
    """Name, address, places and pairs go, and what was not sent yet is cancelled."""
    recipient = await held(tx, event.member_id)
    await store.save_recipients(tx, domain.let_go(recipient))
    await hosted_event_store.give_up_places(tx, event.member_id)
    await my_store.forget_pairs(tx, event.member_id)
    await store.cancel_unsent(tx, event.member_id, domain.LEFT_BEFORE_SENDING)


async def introduce(event: MentoringPairCreated, tx: Transaction) -> None:
    """Both of a new pair are told who the other is, once both can be reached; their own pages show it at once."""
    if tx.cause.event_id is None:
        raise TypeError("a notice is of an event")
    # In the order in which everybody locks two recipients.
    both = sorted((event.first_member_id, event.second_member_id))
    recipients = {member_id: await held(tx, member_id) for member_id in both}
    first, second = recipients[event.first_member_id], recipients[event.second_member_id]
    for recipient, other in ((first, second), (second, first)):
        notice = domain.introduction(
            recipient, other, notice_id=uuid4(), pair_id=event.pair_id, event_id=tx.cause.event_id, now=tx.now
        )
        if notice is not None:
            await store.add_notices(tx, notice)
    if domain.is_pair(first, second):
        await my_store.add_pair(tx, event.pair_id, event.first_member_id, event.second_member_id)


async def keep_apart(event: MentoringPairEnded, tx: Transaction) -> None:
    """Introductions that have not gone out stay unsent."""
    await my_store.forget_pair(tx, event.pair_id)
    await store.cancel_unsent_of_pair(tx, event.pair_id, domain.PAIR_ENDED)


async def keep_scheme(event: MentoringSchemeOpened, tx: Transaction) -> None:
    """A member's own page shows what is open."""
    await my_store.add_scheme(tx, event)


async def keep_key_date(event: KeyDateScheduled, tx: Transaction) -> None:
    """A member's own page shows what comes next."""
    await my_store.add_key_date(tx, event)


async def held(tx: Transaction, member_id: UUID) -> Recipient:
    """The recipient, until the commit: whatever claims a member calls this first."""
    return (await all_held(tx, [member_id]))[member_id]


async def all_held(tx: Transaction, members: Sequence[UUID]) -> dict[UUID, Recipient]:
    """The same of several members, in the order in which everybody locks them."""
    await store.add_recipients_if_new(tx, *members)
    await store.keep_out(tx, *members)
    return await store.lock_recipients(tx, *members)
