"""How restricted rows are kept: under a name that only the key gives, and sealed.

A row is named by HMAC-SHA256 of the member's id, so a copy of the database alone leads from no row to a person, nor
from a person to a row; and its contents are sealed by AES-GCM for that name, so rows cannot be read or exchanged. Every
text is filled up to one length: how long it is says nothing. Both keys come of one secret that is in no database.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FILLED_TO: Final = 512


class Vault:
    """Names, seals and opens; holds the keys."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"the monitoring key is {KEY_BYTES} bytes, as 64 hexadecimal digits")
        self._naming = _derived(secret, b"gse members monitoring: names of rows")
        self._sealing = AESGCM(_derived(secret, b"gse members monitoring: contents of rows"))

    @classmethod
    def load(cls, path: Path) -> "Vault":
        """From a file with 64 hexadecimal digits. Raises ValueError, with nothing of them in its text."""
        try:
            secret = bytes.fromhex(path.read_text())
        except ValueError:
            raise ValueError(f"the monitoring key is {KEY_BYTES} bytes, as 64 hexadecimal digits") from None
        return cls(secret)

    def name(self, member_id: UUID) -> bytes:
        """Of the member's row: 32 bytes, always the same."""
        return hmac.digest(self._naming, member_id.bytes, "sha256")

    def seal(self, name: bytes, contents: Mapping[str, Any], *, filled_to: int = FILLED_TO) -> bytes:
        """Raises ValueError for contents that do not fit."""
        text = json.dumps(contents, separators=(",", ":")).encode()
        if len(text) > filled_to:
            raise ValueError("the contents are longer than every row is")
        return self.seal_bytes(name, text.ljust(filled_to))

    def seal_bytes(self, name: bytes, text: bytes) -> bytes:
        """For who sees to it that all have one length."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, text, name)

    def open(self, name: bytes, sealed: bytes) -> dict[str, Any]:
        """Raises `cryptography.exceptions.InvalidTag` for what this key has not sealed under this name."""
        contents: dict[str, Any] = json.loads(self.open_bytes(name, sealed))
        return contents

    def open_bytes(self, name: bytes, sealed: bytes) -> bytes:
        """Raises as `open` does."""
        return self._sealing.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
