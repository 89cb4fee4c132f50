"""Who is met in a run: people with names and addresses that no other text holds, and the tokens they come with."""

import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from joserfc import jws
from joserfc.jwk import OKPKey

ORGANISATIONS = (
    "APHA",
    "DSTL",
    "DEFRA",
    "DFT",
    "FSA",
    "HSE",
    "HOME-OFFICE",
    "MHRA",
    "MET-OFFICE",
    "MOD",
    "NPL",
    "UKHSA",
)
GRADES = ("AA", "AO", "EO", "HEO", "SEO", "G7", "G6", "SCS1")
SKILLS = ("statistics", "ecology", "software", "metrology", "hydrology", "toxicology", "geology", "chemistry")
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiouy"
LIFETIME = 300


def marker(chance: random.Random) -> str:
    """Letters that no word, id or key of the platform holds: whoever finds them has found what was planted."""
    return "q" + "".join(chance.choice(CONSONANTS) for _ in range(8))


def word(chance: random.Random, syllables: int = 3) -> str:
    return "".join(chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(syllables))


@dataclass
class Person:
    """Somebody who joins, as far as the run knows them. `busy`: a command about them is under way, or in doubt."""

    account: UUID
    organisation: str
    grade: str
    member_id: str = ""
    present: bool = True
    erased: bool = False
    busy: bool = True
    roles: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    interests: set[str] = field(default_factory=set)  # opportunities that they applied for
    has_a_seat: bool = False
    restricted: bool = False


@dataclass(frozen=True)
class Names:
    """Makes names and addresses, each with the run's canary in it."""

    chance: random.Random
    canary: str

    def words(self) -> str:
        """What somebody writes in confidence."""
        return f"{word(self.chance)} {word(self.chance)} {self.canary}"

    def person(self) -> dict[str, str]:
        first, last = word(self.chance).title(), word(self.chance, 2).title() + self.canary
        return {
            "name": f"{first} {last}",
            "email": f"{first}.{last}.{self.chance.getrandbits(40):x}@canary.example".lower(),
        }


@dataclass(frozen=True)
class Tokens:
    """Signs tokens with the home's own key, as members does at a sign-in: the run is about what comes after."""

    key: OKPKey

    @classmethod
    def of(cls, signing: Path) -> "Tokens":
        return cls(OKPKey.import_key(json.loads(signing.read_text())))

    def headers(
        self, account: UUID, *roles: str, member_id: str | None = None, organisation: str | None = None
    ) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": "gse-members",
            "aud": "gse",
            "sub": str(account),
            "member_id": member_id,
            "organisation": organisation,
            "roles": list(roles),
            "iat": now,
            "exp": now + LIFETIME,
        }
        header = {"alg": "Ed25519", "typ": "JWT", "kid": self.key.kid}
        return {"Authorization": f"Bearer {jws.serialize_compact(header, json.dumps(claims), self.key, ['Ed25519'])}"}
