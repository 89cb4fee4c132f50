"""The people that the local identity provider knows, and the roles that this deployment gives them."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """`key` is the role, the subject at the provider, and what `./gse token --as` takes."""

    key: str
    name: str
    email: str
    organisation: str
    grade: str

    @property
    def what(self) -> str:
        """What they are, in words: `Scheme lead`."""
        return WORDS.get(self.key) or self.key.replace("-", " ").capitalize()


WORDS = {"hosep": "Head of profession", "team": "Central team"}
PERSONAS = (
    Persona("member", "Amara Whitfield", "amara.whitfield@ukhsa.example", "UKHSA", "HEO"),
    Persona("volunteer", "Callum Reid", "callum.reid@metoffice.example", "Met Office", "EO"),
    Persona("scheme-lead", "Priya Raman", "priya.raman@defra.example", "Defra", "SEO"),
    Persona("hosep", "Gareth Llewellyn", "gareth.llewellyn@defra.example", "Defra", "SCS1"),
    Persona("recruiting-manager", "Folake Adeyemi", "folake.adeyemi@dstl.example", "Dstl", "G7"),
    Persona("team", "Helen Marsh", "helen.marsh@goscience.example", "Government Office for Science", "G6"),
    Persona("operator", "Tomasz Nowak", "tomasz.nowak@goscience.example", "Government Office for Science", "SEO"),
)
BOUND_TO_ORGANISATION = frozenset({"hosep", "recruiting-manager"})


def claims(persona: Persona) -> dict[str, object]:
    """What a department's provider says about this person."""
    return {
        "name": persona.name,
        "email": persona.email,
        "email_verified": True,
        "organisation": persona.organisation,
    }


def bootstrap_roles() -> str:
    """The roles that deployment grants, as members wants them: JSON."""
    return json.dumps([_grant(persona) for persona in PERSONAS])


def _grant(persona: Persona) -> dict[str, str]:
    grant = {"subject": persona.key, "role": persona.key}
    if persona.key in BOUND_TO_ORGANISATION:
        grant["organisation"] = persona.organisation
    return grant
