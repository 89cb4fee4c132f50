"""What the events service does when something happens elsewhere."""

from chassis.database import Transaction
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from events import domain, hosted_event_store, store


async def keep_invitees(events: list[MemberJoined], tx: Transaction) -> None:
    """From the day they join, a member may be invited."""
    await store.add(tx, [domain.keep(event) for event in events])
    await store.keep_out(tx, *(event.member_id for event in events))


async def follow_grade(event: MemberGradeChanged, tx: Transaction) -> None:
    """Who is invited may depend on the grade band."""
    invitee = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(invitee, event))
    await store.keep_out(tx, event.member_id)


async def follow_transfer(event: MemberTransferred, tx: Transaction) -> None:
    """Who is invited may depend on the organisation."""
    invitee = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(invitee, event))
    await store.keep_out(tx, event.member_id)


async def let_go(event: MemberLeft, tx: Transaction) -> None:
    """Let go of a leaver and their places, and remember the bare id, so that nothing brings them back."""
    invitee = await store.lock(tx, event.member_id)
    await store.save(tx, domain.let_go(invitee, event, tx.now))
    await hosted_event_store.give_up_places(tx, event.member_id)
    await store.keep_out(tx, event.member_id)
