"""Reads what members keeps sealed of monitoring, with the home's key: by the description, and not by its code."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gse_platform.prove.facts import Row

NAMES, CONTENTS = b"gse members monitoring: names of rows", b"gse members monitoring: contents of rows"
NONCE: Final = 12
PLACE: Final = 2
NO_ANSWER: Final = "no-answer"
NOBODY: Final = "nobody who ever joined"


async def opened(url: str, key: bytes, members: Iterable[str]) -> dict[str, list[Row]]:
    """The answers that are there, and whom releases counted as what, each with its member, as the superuser sees it."""
    naming, sealing = _derived(key, NAMES), AESGCM(_derived(key, CONTENTS))
    whose = {hmac.digest(naming, bytes.fromhex(its.replace("-", "")), "sha256"): its for its in members}

    def text(name: bytes, sealed: bytes, bound: str = "") -> bytes:
        return sealing.decrypt(sealed[:NONCE], sealed[NONCE:], name + bound.encode())

    connection = await asyncpg.connect(url)
    try:
        answers = await connection.fetch("SELECT name, sealed FROM monitoring.answer")
        exact = await connection.fetch('SELECT period, sealed FROM monitoring.book ORDER BY period COLLATE "C"')
        counted = await connection.fetch("SELECT name, sealed FROM monitoring.ledger")
    finally:
        await connection.close()
    figures = {period: json.loads(text(period.encode(), sealed)) for period, sealed in exact}
    return {
        "members.monitoring.answer": [
            {"member_id": whose.get(name, NOBODY), "codes": json.loads(text(name, sealed))["codes"]}
            for name, sealed in answers
        ],
        "members.monitoring.counted": [
            {"member_id": whose.get(name, NOBODY), "period": period, "codes": codes}
            for name, sealed in counted
            for period, codes in _counted(figures, text(name, sealed, "|".join(figures)))
        ],
    }


def _counted(figures: Mapping[str, Any], row: bytes) -> Iterator[tuple[str, dict[str, str] | None]]:
    """In which releases somebody was counted, as what: for each a place in two bytes, then each answer's number."""
    for period, its in figures.items():
        every = {what: sorted({code for *_, codes in its[what] for code in codes}) for what in sorted(its)}
        place, numbers, row = row[:PLACE], row[PLACE : PLACE + len(every)], row[PLACE + len(every) :]
        if any(place) and all(numbers):
            codes = {what: every[what][number - 1] for what, number in zip(every, numbers, strict=True)}
            yield period, {what: code for what, code in codes.items() if code != NO_ANSWER}
        elif any(place):
            yield period, None


def _derived(key: bytes, purpose: bytes) -> bytes:
    """HKDF (RFC 5869) with SHA-256, without salt, of one block."""
    return hmac.digest(hmac.digest(bytes(hashlib.sha256().digest_size), key, "sha256"), purpose + b"\x01", "sha256")
