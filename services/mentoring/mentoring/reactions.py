"""What mentoring does when something happens elsewhere."""

from chassis.database import Transaction
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import domain, store


async def open_profile(event: MemberJoined, tx: Transaction) -> None:
    """From the day they join, a member may take part."""
    await store.add(tx, domain.open_profile(event, tx.now))


async def follow_grade(event: MemberGradeChanged, tx: Transaction) -> None:
    """Who may mentor whom depends on the grade."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(profile, event, tx.now))


async def follow_transfer(event: MemberTransferred, tx: Transaction) -> None:
    """Who may mentor whom depends on the organisation."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(profile, event, tx.now))


async def close_profile(event: MemberLeft, tx: Transaction) -> None:
    """Let go of a leaver, and remember the bare id, so that nothing brings them back."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.close(profile, event, tx.now))
