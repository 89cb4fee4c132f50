"""The proof in a link by which a person confirms their address, as notifications makes it and members checks it.

Both hold the key, so that no secret is ever said: an event names the verification by a random id alone. The address
is in the proof, so a link is worth something at the very address that it was mailed to, and at no other.
"""

import hmac
from base64 import urlsafe_b64encode
from typing import Final
from uuid import UUID

SHORTEST_KEY: Final = 32
"""Characters of the key."""


def address_proof(key: str, verification_id: UUID, email: str) -> str:
    """43 characters that may stand in an address: HMAC-SHA-256 of the id's 16 bytes and the address, in base64url."""
    digest = hmac.digest(key.encode(), verification_id.bytes + email.encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")
