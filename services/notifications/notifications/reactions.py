"""What notifications does when members or mentoring says something, or events of a key date or a proposal.

Who is told of what stands in `told.py`; what is kept beside it, in the reactions here.

Joined, left and contact come on two streams in any order. Each reaction holds the recipient's row from its first
statement on, so that whichever comes last sees what the others did.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Transaction
from contracts.base import DomainEvent
from contracts.erasure import MemberProcessingRestricted
from contracts.events import KeyDateScheduled
from contracts.members import (
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
    RoleGranted,
    RoleRevoked,
)
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from notifications import (
    choosing_store,
    domain,
    given_store,
    group_store,
    hosted_event_store,
    my_store,
    recipient_store,
    store,
    told,
)
from notifications.domain import CONFIRM_ADDRESS, Occasion, Recipient, RecipientState
from notifications.lines import Line

[TO_CONFIRM] = told.lines_of(MemberContactChanged)


async def welcome(events: list[MemberJoined], tx: Transaction) -> None:
    """New members get one welcome each, once their address is here."""
    decided = [
        domain.welcome(recipient, notice_id=uuid4(), event_id=tx.event_ids[member_id], now=tx.now)
        for member_id, recipient in (await all_held(tx, [event.member_id for event in events])).items()
    ]
    stay = [its for its in decided if its is not None]
    await store.add_occasions(
        tx, *(Occasion(tx.event_ids[its.member_id], its.event_name, its.member_id, {}) for its in events)
    )
    if stay:
        await recipient_store.save_recipients(tx, *(known for known, _ in stay))
        await recipient_store.keep_grades(tx, {its.member_id: its.grade for its in events})
        await store.add_notices(tx, *(notice for _, notice in stay))


async def follow_grade(event: MemberGradeChanged | MemberTransferred, tx: Transaction) -> None:
    """They hear of it, and are shown the doors that are open to their new grade."""
    await held(tx, event.member_id)
    await recipient_store.keep_grades(tx, {event.member_id: event.grade})
    await tell(event, tx)


async def keep_contacts(events: list[MemberContactChanged], tx: Transaction) -> None:
    """The newest name and address count, also for what waits or is due; who has a new one is asked to confirm it."""
    recipients = await all_held(tx, [event.member_id for event in events])
    decided = [
        domain.with_contact(recipients[its.member_id], **its.model_dump(exclude={"member_id"})) for its in events
    ]
    reachable = [its for its in decided if its is not None]
    if not reachable:
        return
    await recipient_store.save_recipients(tx, *reachable)
    await store.make_waiting_due(tx, *(its.member_id for its in reachable))
    asked = [its for its in events if domain.is_to_confirm(recipients[its.member_id], its.verification_id)]
    occasions = [Occasion(tx.event_ids[its.member_id], its.event_name, its.member_id, {}) for its in asked]
    await store.add_occasions(tx, *occasions)
    for occasion in occasions:
        # An earlier mail would hold the same link as this one.
        await store.cancel_unsent_of_subject(tx, occasion.subject, [CONFIRM_ADDRESS.name], domain.CALLED_OFF)
        await _write_to(tx, [recipients[occasion.subject]], TO_CONFIRM, occasion.event_id)


async def let_go(event: MemberLeft, tx: Transaction) -> None:
    """All that is of them goes, and words with the name too; what was not sent is cancelled."""
    recipient = await held(tx, event.member_id)
    await recipient_store.save_recipients(tx, domain.let_go(recipient))
    await hosted_event_store.give_up_places(tx, event.member_id)
    await group_store.take_out(tx, event.member_id)
    await given_store.forget(tx, event.member_id)
    await my_store.forget_pairs(tx, event.member_id)
    await choosing_store.forget(tx, event.member_id)
    await store.forget_words(tx, event.member_id)
    await store.cancel_unsent(tx, event.member_id, domain.LEFT_BEFORE_SENDING)


async def tell(event: DomainEvent, tx: Transaction) -> None:
    """Who is named in the event, or holds the role, hears of it, as the table says."""
    occasion = await its_occasion(event, tx)
    for line in told.lines_of(type(event)):
        if line.who.only is not None and not getattr(event, line.who.only):
            continue
        if line.who.role is not None:
            members = await recipient_store.holders_of(tx, line.who.role)
        else:
            members = told.named(event, line.who)
        await _write_to(tx, (await all_held(tx, members)).values(), line, occasion)


async def tell_all(event: DomainEvent, tx: Transaction) -> None:
    """Every member hears of it, whatever groups they are in: nobody is to learn who is in which.

    What is open to some grades alone only those hear of.
    """
    [line] = told.lines_of(type(event))
    until = line.until(event) if line.until else None
    grades = getattr(event, line.who.grades) if line.who.grades else None
    await store.tell_everybody(tx, line.template, await its_occasion(event, tx), useful_until=until, grades=grades)


async def call_off(event: DomainEvent, tx: Transaction) -> None:
    """What was said of its subject and is no longer so stays unsent."""
    templates = [its.name for its in told.called_off_by(type(event))]
    await store.cancel_unsent_of_subject(tx, event.subject, templates, domain.CALLED_OFF)


async def grant(event: RoleGranted, tx: Transaction) -> None:
    """They hear of it, and of what concerns who holds the role."""
    if (await held(tx, event.member_id)).state is not RecipientState.LEFT:
        await recipient_store.add_role_holder(tx, event.member_id, event.role, event.organisation)
    await tell(event, tx)


async def revoke(event: RoleRevoked, tx: Transaction) -> None:
    """They hear of it."""
    await held(tx, event.member_id)
    await recipient_store.remove_role_holder(tx, event.member_id, event.role, event.organisation)
    await tell(event, tx)


async def restrict(event: MemberProcessingRestricted, tx: Transaction) -> None:
    """They hear of it, and while it lasts of nothing that is not critical; what waits for a digest is decided anew."""
    await held(tx, event.member_id)
    await recipient_store.restrict(tx, event.member_id, restricted=event.restricted)
    await choosing_store.release(tx, event.member_id)
    await tell(event, tx)


async def introduce(event: MentoringPairCreated, tx: Transaction) -> None:
    """Both of a new pair are told who the other is, once both can be reached; their own pages show it at once."""
    occasion = await its_occasion(event, tx)
    recipients = await all_held(tx, [event.first_member_id, event.second_member_id])
    first, second = recipients[event.first_member_id], recipients[event.second_member_id]
    for recipient, other in ((first, second), (second, first)):
        notice = domain.introduction(
            recipient, other, notice_id=uuid4(), pair_id=event.pair_id, event_id=occasion, now=tx.now
        )
        if notice is not None:
            await store.add_notices(tx, notice)
    if domain.is_pair(first, second):
        await my_store.add_pair(tx, event.pair_id, event.first_member_id, event.second_member_id)


async def keep_apart(event: MentoringPairEnded, tx: Transaction) -> None:
    """Introductions that have not gone out stay unsent; who was introduced hears that it is over."""
    recipients = await all_held(tx, [event.first_member_id, event.second_member_id])
    await my_store.forget_pair(tx, event.pair_id)
    await store.cancel_unsent_of_pair(tx, event.pair_id, domain.PAIR_ENDED)
    introduced = await store.introduced(tx, event.pair_id)
    occasion = await its_occasion(event, tx)
    [line] = told.lines_of(MentoringPairEnded)
    await _write_to(tx, [its for its in recipients.values() if its.member_id in introduced], line, occasion)


async def announce_scheme(event: MentoringSchemeOpened, tx: Transaction) -> None:
    """Every member hears that it is open, and their own pages show it."""
    await my_store.add_scheme(tx, event)
    [line] = told.lines_of(MentoringSchemeOpened)
    await store.tell_everybody(tx, line.template, await its_occasion(event, tx))


async def keep_key_date(event: KeyDateScheduled, tx: Transaction) -> None:
    """A member's own page shows what comes next."""
    await my_store.add_key_date(tx, event)


async def _write_to(tx: Transaction, recipients: Iterable[Recipient], line: Line, occasion: UUID) -> None:
    """A notice to each of these, whom the caller holds, but to no leaver."""
    due_at = line.when(tx.now)
    notices = [
        domain.notice(its, line.template, notice_id=uuid4(), event_id=occasion, now=tx.now, due_at=due_at)
        for its in recipients
    ]
    await store.add_notices(tx, *(its for its in notices if its is not None))


async def its_occasion(event: DomainEvent, tx: Transaction) -> UUID:
    """Keep what notices of this event need of it; gives the event's id."""
    if tx.cause.event_id is None:
        raise TypeError("a notice is of an event")
    facts: dict[str, Any] = {}
    for line in told.lines_of(type(event)):
        facts |= line.facts(event)
    await store.add_occasions(tx, Occasion(tx.cause.event_id, event.event_name, event.subject, facts))
    return tx.cause.event_id


async def held(tx: Transaction, member_id: UUID) -> Recipient:
    """The recipient, until the commit: whatever claims a member calls this first."""
    return (await all_held(tx, [member_id]))[member_id]


async def all_held(tx: Transaction, members: Sequence[UUID]) -> dict[UUID, Recipient]:
    """The same of several members, in the order in which everybody locks them."""
    await recipient_store.add_recipients_if_new(tx, *members)
    await recipient_store.keep_out(tx, *members)
    return await recipient_store.lock_recipients(tx, *members)
