"""The same POST twice does one thing: the header Idempotency-Key, or what a form has instead, kept 24 hours as a hash.

A key belongs to its caller, method and path. The row is written in the handler's own transaction, so it is there
exactly when the effect is; a copy that comes while the first still works waits for it. No body is kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from chassis.browsing import FORM_KEY_FIELD
from chassis.database import Transaction
from chassis.identity import caller_of
from contracts.refusal import FieldError, Invalid, Refused

LONGEST = 255  # characters of a key


class IdempotencyKeyReused(Refused):
    """The key has been used for another body. Nothing was done."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request. Use a new key for a new request.")


@dataclass(frozen=True)
class IdempotencyKey:
    """Which request this is (`key`) and what it asks (`fingerprint`), both SHA-256."""

    key: bytes
    fingerprint: bytes


async def claim(tx: Transaction, key: IdempotencyKey | None, *, resource_id: UUID, status: int) -> UUID | None:
    """Says whether this request was answered before: None for the first, the id of what the first made for a repeat.

    Call it before any other write of the transaction. Waits for a copy that is under way. Raises
    `IdempotencyKeyReused` when the body differs. Without a key every request is the first.
    """
    if key is None or await _take(tx, key, resource_id, status):
        return None
    earlier = await _earlier(tx, key)
    if earlier is None:
        raise IdempotencyKeyReused
    return earlier


async def forget_what_was_sent(tx: Transaction, resource_id: UUID, *, but: IdempotencyKey | None) -> None:
    """Of every key that made this resource, drop the hash of what was sent; `but` is the present request's.

    The key stays taken: a late repeat of the request is refused, and does not do again what it did.
    """
    await tx.execute(
        "UPDATE idempotency_key SET fingerprint = '' WHERE resource_id = $1 AND key IS DISTINCT FROM $2",
        resource_id,
        but.key if but else None,
    )


async def forget_expired(tx: Transaction, now: datetime) -> int:
    """Deletes the keys that were over at `now` (wall time); gives their number."""
    return int((await tx.execute("DELETE FROM idempotency_key WHERE expires_at <= $1", now)).split()[-1])


async def _take(tx: Transaction, key: IdempotencyKey, resource_id: UUID, status: int) -> bool:
    """Whether the key was free, or over. A row that another transaction is writing is waited for."""
    taken = await tx.fetchval(
        """
        INSERT INTO idempotency_key AS known (key, fingerprint, status, resource_id, expires_at)
        VALUES ($1, $2, $3, $4, now() + interval '24 hours')
        ON CONFLICT (key) DO UPDATE
           SET fingerprint = excluded.fingerprint, status = excluded.status,
               resource_id = excluded.resource_id, expires_at = excluded.expires_at
         WHERE known.expires_at <= now()
        RETURNING true
        """,
        key.key,
        key.fingerprint,
        status,
        resource_id,
    )
    return taken is not None


async def _earlier(tx: Transaction, key: IdempotencyKey) -> UUID | None:
    """What the key made, when the same body made it. The row is there: `_take` found it and holds it."""
    earlier: UUID | None = await tx.fetchval(
        "SELECT resource_id FROM idempotency_key WHERE key = $1 AND fingerprint = $2", key.key, key.fingerprint
    )
    return earlier


async def _key_of(
    request: Request, idempotency_key: Annotated[str | None, Header(description="Makes a repeat harmless")] = None
) -> IdempotencyKey | None:
    if idempotency_key is None or request.method != "POST":
        return None
    if not (0 < len(idempotency_key) <= LONGEST and idempotency_key.isascii() and idempotency_key.isprintable()):
        raise Invalid(FieldError("Idempotency-Key", f"Send 1 to {LONGEST} printable ASCII characters, such as a UUID"))
    return IdempotencyKey(_hash_of(request, idempotency_key), _fingerprint(request, await request.body()))


Key = Annotated[IdempotencyKey | None, Depends(_key_of)]
"""The request's key, None without the header. The route must be a `RetryingRoute`, which keeps the body readable."""


def new_form_key() -> str:
    """For a form when it is shown: a browser sends it again with the form, and no other form has it."""
    return secrets.token_urlsafe(16)


async def _key_of_form(request: Request) -> IdempotencyKey | None:
    caller = caller_of(request)
    if caller is None or caller.csrf is None:  # a stranger, or a program: no form of ours, and perhaps a long file
        return None
    sent = (await request.form()).get(FORM_KEY_FIELD)
    if not isinstance(sent, str) or not sent:
        return None
    # Who goes back and types something else sends another form, and is not refused as with a key of the API.
    said = _fingerprint(request, await request.body())
    return IdempotencyKey(_hash_of(request, f"{sent}\n{said.hex()}"), said)


FormKey = Annotated[IdempotencyKey | None, Depends(_key_of_form)]
"""The same for a page: a form that comes twice just as it is, by a second click or a reload, is one request."""


def _hash_of(request: Request, sent: str) -> bytes:
    caller = caller_of(request)
    account = str(caller.account_id) if caller else "anonymous"
    return hashlib.sha256(f"{account}\n{request.method}\n{request.scope['path']}\n{sent}".encode()).digest()


def _fingerprint(request: Request, body: bytes) -> bytes:
    """Of what was sent. A client draws a new multipart boundary for each try, so that one does not count."""
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if boundary := boundary.partition(";")[0].strip(' "'):
        body = body.replace(boundary.encode("latin-1"), b"boundary")
    return hashlib.sha256(body).digest()
