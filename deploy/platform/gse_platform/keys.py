"""The key that signs platform tokens, its public half that every service is given, the key of equality monitoring.

Made once for a home.
"""

import json
import secrets
from pathlib import Path
from typing import NamedTuple

from gse_platform.home import Home, write_privately


class Keys(NamedTuple):
    signing: Path
    public: Path
    monitoring: Path


def signing_keys(home: Home) -> Keys:
    """An Ed25519 key with a kid, and 32 bytes. Existing ones stay: tokens and answers live on through a restart."""
    keys = Keys(home.keys / "signing.json", home.keys / "jwks.json", home.keys / "monitoring")
    if not keys.monitoring.exists():
        write_privately(keys.monitoring, secrets.token_hex(32))
    if not (keys.signing.exists() and keys.public.exists()):
        from joserfc.jwk import OKPKey  # noqa: PLC0415 (a tenth of a second, for a new home only)

        key = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(8), "use": "sig"})
        write_privately(keys.public, json.dumps({"keys": [key.as_dict(private=False)]}))
        write_privately(keys.signing, json.dumps(key.as_dict(private=True)))
    return keys
