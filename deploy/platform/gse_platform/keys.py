"""The key that signs platform tokens, and its public half that every service is given. Made once for a home."""

import json
import secrets
from pathlib import Path
from typing import NamedTuple

from gse_platform.home import Home, write_privately


class Keys(NamedTuple):
    signing: Path
    public: Path


def signing_keys(home: Home) -> Keys:
    """An Ed25519 key with a kid. An existing one stays: tokens live on through a restart."""
    keys = Keys(home.keys / "signing.json", home.keys / "jwks.json")
    if not (keys.signing.exists() and keys.public.exists()):
        from joserfc.jwk import OKPKey  # noqa: PLC0415 (a tenth of a second, for a new home only)

        key = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(8), "use": "sig"})
        write_privately(keys.public, json.dumps({"keys": [key.as_dict(private=False)]}))
        write_privately(keys.signing, json.dumps(key.as_dict(private=True)))
    return keys
