"""How nobody, with every database and every stream in hand, finds out who gave which answer. Pure, but for chance.

Three things are kept while a round is open, each under a key of the round that comes of one that is in no database:

    mark     that a member has had a token      HMAC(key, member)       tells who only to whoever has the key
    hash     that a token was used              SHA-256(token)          a token is chance, and is kept nowhere
    sealed   what was answered                  AES-256-GCM(key, …)     as long as any other, opened all at once

A token is 80 bits of chance and as many of an HMAC over them, so that members knows its own without having kept it.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict
from typing import Final
from uuid import UUID

from joserfc import jwe
from joserfc.jwk import OctKey

from members.feedback.domain import FeedbackGiven, Rating

HALF: Final = 10  # bytes of a token that are chance, and that prove it
GROUPED: Final = 4  # letters of a token between two hyphens
ROOM: Final = 4608  # bytes: a thousand letters of four, eight groups, and what stands around them
_SEAL: Final = {"alg": "dir", "enc": "A256GCM"}


def mint(key: bytes, round_id: UUID) -> str:
    """A new token, such as `abcd-efgh-…`: eight times four letters and digits, to be read out or copied."""
    chance = secrets.token_bytes(HALF)
    letters = base64.b32encode(chance + _proof(key, round_id, chance)).decode().lower()
    return "-".join(letters[at : at + GROUPED] for at in range(0, len(letters), GROUPED))


def spent(key: bytes, round_id: UUID, token: str) -> bytes | None:
    """What is kept of a token that is used; None when it is none of this round's. Case, blanks and hyphens are free."""
    try:
        its = base64.b32decode("".join(token.replace("-", "").split()).upper())
    except (binascii.Error, ValueError):
        return None
    chance, proof = its[:HALF], its[HALF:]
    return hashlib.sha256(its).digest() if hmac.compare_digest(proof, _proof(key, round_id, chance)) else None


def mark(key: bytes, round_id: UUID, member_id: UUID) -> bytes:
    """That this member has had a token, for whoever has the key and asks for this very member."""
    return hmac.digest(_key(key, "taken", round_id), member_id.bytes, "sha256")


def seal(key: bytes, round_id: UUID, given: FeedbackGiven) -> str:
    """An answer for nobody to read, and no longer or shorter than any other."""
    text = json.dumps(asdict(given), ensure_ascii=False).encode()
    if len(text) > ROOM:
        raise ValueError("an answer is longer than the form lets it be")
    return jwe.encrypt_compact(_SEAL, text.ljust(ROOM), _seal_key(key, round_id))


def open_sealed(key: bytes, round_id: UUID, sealed: str) -> FeedbackGiven:
    """Raises an error of joserfc when it was sealed with another key or for another round."""
    its = json.loads(jwe.decrypt_compact(sealed, _seal_key(key, round_id)).plaintext or b"")
    return FeedbackGiven(Rating(its["rating"]), tuple(its["groups"]), its["comment"])


def _proof(key: bytes, round_id: UUID, chance: bytes) -> bytes:
    return hmac.digest(_key(key, "token", round_id), chance, "sha256")[:HALF]


def _seal_key(key: bytes, round_id: UUID) -> OctKey:
    return OctKey.import_key(_key(key, "answer", round_id))


def _key(key: bytes, purpose: str, round_id: UUID) -> bytes:
    """A key for one purpose and one round."""
    return hmac.digest(key, f"{purpose} {round_id}".encode(), "sha256")
