"""Whether members were heard on commitments, from what is stored."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from chassis.database import Transaction
from members.feedback import store
from members.feedback.policy import POLICY
from members.feedback.reviews import Review, review
from members.strategy.commitments import Commitment


async def reviews(tx: Transaction, commitments: Iterable[Commitment], today: date) -> Mapping[UUID, Review]:
    """Of those that stand; one that is kept or dropped needs no review any more."""
    ids = [its.commitment_id for its in commitments if its.completed_on is None and its.dropped_at is None]
    period_before = POLICY.period_of(POLICY.period_of(today).first - timedelta(days=1))
    rounds = await store.held(tx, ids, since=period_before.first)
    made_on = await store.made_on(tx, ids)
    return {each: review(made_on[each], rounds.get(each, []), today, POLICY) for each in ids}
