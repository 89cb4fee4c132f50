"""The stream of contacts was lost: what its newest record of each member is today."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Transaction
from chassis.outbox import Tombstone
from contracts.members import MemberContactChanged
from members.membership import store


async def newest(tx: Transaction, member_ids: Sequence[UUID]) -> list[MemberContactChanged | Tombstone]:
    """Name and address of who is present; of anybody else, that they were taken back."""
    present = await store.hold_contacts(tx, member_ids)
    return [
        MemberContactChanged(member_id=member_id, name=present[member_id][0], email=present[member_id][1])
        if member_id in present
        else Tombstone(of=MemberContactChanged, subject=member_id)
        for member_id in member_ids
    ]
