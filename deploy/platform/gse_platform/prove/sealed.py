"""Reads what members keeps sealed of monitoring, with the home's key: by the description, and not by its code."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any, Final

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gse_platform.prove.facts import Row

NAMES, CONTENTS = b"gse members monitoring: names of rows", b"gse members monitoring: contents of rows"
NONCE: Final = 12
NOBODY: Final = "nobody who ever joined"


async def opened(url: str, key: bytes, members: Iterable[str]) -> dict[str, list[Row]]:
    """The answers that are there, and whom releases counted as what, each with its member, as the superuser sees it."""
    naming, sealing = _derived(key, NAMES), AESGCM(_derived(key, CONTENTS))
    whose = {hmac.digest(naming, bytes.fromhex(its.replace("-", "")), "sha256"): its for its in members}

    def row(found: asyncpg.Record) -> dict[str, Any]:
        name, sealed = found["name"], found["sealed"]
        contents: dict[str, Any] = json.loads(sealing.decrypt(sealed[:NONCE], sealed[NONCE:], name))
        return {"member_id": whose.get(name, NOBODY), "codes": contents["codes"]}

    connection = await asyncpg.connect(url)
    try:
        answers = await connection.fetch("SELECT name, sealed FROM monitoring.answer")
        counted = await connection.fetch("SELECT period, name, sealed FROM monitoring.counted")
    finally:
        await connection.close()
    return {
        "members.monitoring.answer": [row(its) for its in answers],
        "members.monitoring.counted": [{**row(its), "period": its["period"]} for its in counted],
    }


def _derived(key: bytes, purpose: bytes) -> bytes:
    """HKDF (RFC 5869) with SHA-256, without salt, of one block."""
    return hmac.digest(hmac.digest(bytes(hashlib.sha256().digest_size), key, "sha256"), purpose + b"\x01", "sha256")
