"""What mentoring does when something happens elsewhere."""

from chassis import outbox
from chassis.database import Transaction
from contracts.erasure import MemberProcessingRestricted
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import domain, pair_store, scheme_store, store


async def open_profiles(events: list[MemberJoined], tx: Transaction) -> None:
    """From the day they join, a member may take part."""
    await store.add(tx, [domain.open_profile(event, tx.now) for event in events])
    await store.keep_out(tx, *(event.member_id for event in events))


async def follow_grade(event: MemberGradeChanged, tx: Transaction) -> None:
    """Who may mentor whom depends on the grade."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(profile, event, tx.now))
    await store.keep_out(tx, event.member_id)


async def follow_transfer(event: MemberTransferred, tx: Transaction) -> None:
    """Who may mentor whom depends on the organisation."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.follow(profile, event, tx.now))
    await store.keep_out(tx, event.member_id)


async def close_profile(event: MemberLeft, tx: Transaction) -> None:
    """Let go of a leaver and end their pairs; remember the bare id, so that nothing brings them back."""
    profile = await store.lock(tx, event.member_id)
    await store.save(tx, domain.close(profile, event, tx.now))
    await scheme_store.withdraw_everywhere(tx, event.member_id)
    await pair_store.leave_pools(tx, event.member_id, None)
    await pair_store.drop_proposals_of(tx, event.member_id, None)
    over = await pair_store.end_pairs_of(tx, event.member_id, None, tx.now)
    await store.keep_out(tx, event.member_id)
    await outbox.put(tx, *map(domain.ended, over))


async def restrict(event: MemberProcessingRestricted, tx: Transaction) -> None:
    """Whoever is restricted is in no pool and no proposal; enrolments stay, and pairs that there are go on."""
    await store.lock(tx, event.member_id)
    await store.restrict(tx, event.member_id, restricted=event.restricted)
    if event.restricted:
        await pair_store.leave_pools(tx, event.member_id, None)
        await pair_store.drop_proposals_of(tx, event.member_id, None)
