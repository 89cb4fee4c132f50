"""Sessions of browsers, and sign-ins that are under way at the provider. What is over by wall time is not found."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from chassis.identity import Unauthenticated

IDLE: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=12)
ATTEMPT: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Session:
    """`vouched` is a mark of the address that the provider verified (`api.mark`), where it verified one."""

    account_id: UUID
    csrf: str
    vouched: bytes | None


@dataclass(frozen=True)
class Attempt:
    """What a sign-in needs to know again when the person comes back from the provider."""

    nonce: str
    verifier: str
    back_to: str


async def add(tx: Transaction, word: str, its: Session) -> None:
    """A session under the word that its browser's cookie holds. Raises `Unauthenticated` for an erased account."""
    try:
        await tx.execute(
            "INSERT INTO session (session_hash, account_id, csrf, vouched) VALUES ($1, $2, $3, $4)",
            _hash(word),
            its.account_id,
            its.csrf,
            its.vouched,
        )
    except asyncpg.ForeignKeyViolationError:
        raise Unauthenticated from None


async def live(tx: Transaction, word: str) -> Session | None:
    row = await tx.fetchrow(
        """
        SELECT account_id, csrf, vouched FROM session
        WHERE session_hash = $1 AND seen_at > now() - $2::interval AND begun_at > now() - $3::interval
        """,
        _hash(word),
        IDLE,
        LONGEST,
    )
    return Session(**row) if row else None


async def see(tx: Transaction, word: str) -> Session | None:
    """The live session, which goes on from now."""
    row = await tx.fetchrow(
        """
        UPDATE session SET seen_at = now()
        WHERE session_hash = $1 AND seen_at > now() - $2::interval AND begun_at > now() - $3::interval
        RETURNING account_id, csrf, vouched
        """,
        _hash(word),
        IDLE,
        LONGEST,
    )
    return Session(**row) if row else None


async def end(tx: Transaction, word: str) -> None:
    await tx.execute("DELETE FROM session WHERE session_hash = $1", _hash(word))


async def begin(tx: Transaction, *, state: str, browser: str, attempt: Attempt) -> None:
    await tx.execute(
        """
        INSERT INTO sign_in_attempt (state_hash, browser_hash, nonce, verifier, back_to) VALUES ($1, $2, $3, $4, $5)
        """,
        _hash(state),
        _hash(browser),
        attempt.nonce,
        attempt.verifier,
        attempt.back_to,
    )


async def take(tx: Transaction, *, state: str, browser: str) -> Attempt | None:
    """The sign-in that this browser began; there is none a second time."""
    row = await tx.fetchrow(
        """
        DELETE FROM sign_in_attempt
        WHERE state_hash = $1 AND browser_hash = $2 AND begun_at > now() - $3::interval
        RETURNING nonce, verifier, back_to
        """,
        _hash(state),
        _hash(browser),
        ATTEMPT,
    )
    return Attempt(**row) if row else None


async def forget_ended(tx: Transaction) -> int:
    """Deletes the sessions that are over; gives their number."""
    tag = await tx.execute(
        "DELETE FROM session WHERE seen_at <= now() - $1::interval OR begun_at <= now() - $2::interval", IDLE, LONGEST
    )
    return int(tag.split()[-1])


async def forget_given_up(tx: Transaction) -> int:
    """Deletes the sign-ins that nobody finished in time; gives their number."""
    tag = await tx.execute("DELETE FROM sign_in_attempt WHERE begun_at <= now() - $1::interval", ATTEMPT)
    return int(tag.split()[-1])


def _hash(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
