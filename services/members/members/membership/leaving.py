"""All that ends when a member leaves the profession, by themselves or since two members were one person."""

from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from chassis.days import day_in_london
from contracts.base import DomainEvent
from contracts.members import MemberContactChanged
from members.erasure import withdrawal_store
from members.feedback.answering import forget_tokens
from members.groups import departing
from members.membership import domain, store
from members.membership.domain import Member
from members.monitoring import store as monitoring
from members.monitoring.sealing import Vault
from members.opportunities import shadow_board_store
from members.opportunities import store as opportunity_store
from members.rights import change_store, restriction_store
from members.roles import domain as roles
from members.roles import store as role_store
from members.signing_in import account_store


async def leave(
    tx: Transaction, member: Member, vault: Vault, feedback_key: bytes, *first: DomainEvent, by: UUID
) -> Member:
    """End their membership and what goes with it, and say so; the caller holds their row, and sees to their accounts.

    `vault` and `feedback_key` find what is kept of them under no name. `by` is an account; `first` is said before
    it, since a transaction says all at once. Raises what `domain.leave` raises.
    """
    member_id = member.member_id
    await store.wait_until_may_go(tx, member_id)
    gone, left = domain.leave(
        member,
        today=day_in_london(tx.now),
        now=tx.now,
        by=await account_store.unless_own(tx, by, member_id),
    )
    await store.save(tx, gone)
    held = await role_store.held_by(tx, member_id)
    lost = roles.take_back_all(member_id, held)
    await role_store.forget(tx, member_id)
    await role_store.record(tx, member_id, held, granted=False, by=by)
    await opportunity_store.let_go(tx, member_id)
    await shadow_board_store.let_go(tx, member_id)
    departed = await departing.let_go(tx, member_id, by=by)
    await restriction_store.lift(tx, member_id)
    await change_store.forget(tx, member_id)
    await forget_tokens(tx, member_id, feedback_key)
    async with monitoring.opened(tx):
        await monitoring.forget(tx, vault.name(member_id))
    await withdrawal_store.add(tx, member_id)
    await outbox.put(tx, *first, *departed, *lost, left, outbox.Tombstone(of=MemberContactChanged, subject=member_id))
    return gone
