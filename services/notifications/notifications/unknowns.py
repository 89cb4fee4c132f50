"""Notices whose end nobody knows, where it can be found out: GOV.UK Notify is asked by our reference.

    it has the message           believed at once: sent, or failed
    it does not have it          believed once it cannot be under way any more: due again
    it is not asked any more     before it may have forgotten the message, which it does after some days

The last two keep a message from going out twice: a request that was written may wait in a queue of theirs.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.telemetry import logger
from contracts.notifications import Channel
from notifications import afterwards, domain, over
from notifications.domain import NoticeState, NotStarted, Outcome
from notifications.letters import reference_of

ASKED_AFTER: Final = timedelta(seconds=45)  # the claim, and the longest request that began at its end
NOT_THERE_AFTER: Final = timedelta(minutes=15)
ASKED_FOR: Final = timedelta(days=2)  # the shortest time for which a service at Notify can choose to keep is three
AT_ONCE: Final = 50
log = logger(__name__)

Ask = Callable[[str], Awaitable[Outcome | None]]


@dataclass(frozen=True)
class Patience:
    """How long after a conversation began its end is asked for, and a no is believed."""

    asked_after: timedelta = ASKED_AFTER
    not_there_after: timedelta = NOT_THERE_AFTER

    @classmethod
    def none(cls) -> "Patience":
        """Where nothing can be under way."""
        return cls(timedelta(), timedelta())


@dataclass(frozen=True)
class Lost:
    """A conversation whose end nobody knows. `age` is of its beginning, on the database's own clock."""

    notice_id: UUID
    reference: str
    attempts: int
    age: timedelta


def is_believed(answer: Outcome, age: timedelta, patience: Patience) -> bool:
    """Whether an answer about a conversation of this age settles it."""
    return not isinstance(answer, NotStarted) or age >= patience.not_there_after


def asking(ask: Ask, patience: Patience = Patience()) -> Callable[[Database], Awaitable[int]]:
    """For a timer: asks about what is unknown, and gives how many it settled."""

    async def take(database: Database) -> int:
        async with database.transaction() as tx:
            unknown = await lost(tx, patience)
        settled = 0
        for its in unknown:
            answer = await ask(its.reference)  # in no transaction
            if answer is None:
                break  # the others would hear the same
            if is_believed(answer, its.age, patience):
                async with database.transaction() as tx:
                    settled += await settle(tx, its, answer)
        return settled

    return take


async def lost(tx: Transaction, patience: Patience) -> list[Lost]:
    """What to ask about, longest begun first. What a digest held is asked about with it."""
    rows = await tx.fetch(
        """
        SELECT notice_id, message_id, attempts, clock_timestamp() - begun_at AS age FROM notice
        WHERE state = 'unknown' AND channel = 'notify' AND digest_id IS NULL
            AND begun_at <= clock_timestamp() - $1::interval AND begun_at > clock_timestamp() - $2::interval
        ORDER BY begun_at LIMIT $3""",
        patience.asked_after,
        ASKED_FOR,
        AT_ONCE,
    )
    return [Lost(row["notice_id"], reference_of(row["message_id"]), row["attempts"], row["age"]) for row in rows]


async def settle(tx: Transaction, its: Lost, answer: Outcome) -> bool:
    """Write what was found out; False where something else was quicker."""
    # It was `unknown` when the reaction that cancels looked.
    tellings = await over.tellings_of(tx, [its.notice_id]) if isinstance(answer, NotStarted) else []
    why_over = (await over.why_over(tx, tellings)).get(its.notice_id)
    message = await afterwards.hold(tx, its.reference, Channel.NOTIFY)
    if message is None or message.state is not NoticeState.UNKNOWN:
        return False
    jitter = random.random()  # noqa: S311 - jitter, no secret
    ending = domain.ending(answer, attempts=its.attempts, now=tx.now, jitter=jitter, over=why_over)
    await afterwards.settle(tx, message, ending)
    log.info("an unknown end was found out", notice_id=str(its.notice_id), state=ending.state)
    return True
