"""What members is told by its environment, beside what every service is."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from chassis.identity import OF_ONE_ORGANISATION, ROLES
from chassis.settings import ServiceSettings
from contracts.address_proof import SHORTEST_KEY


class BootstrapRole(BaseModel):
    """A role that the deployment grants to a subject of its identity provider, when that first signs in."""

    subject: str
    role: str
    organisation: str | None = None
    """By code or name; for the roles that hold for one organisation, and for no other. Looked up when they sign in."""

    @model_validator(mode="after")
    def _holds_somewhere(self) -> Self:
        if self.role not in ROLES:
            raise ValueError("there is no such role")
        if (self.role in OF_ONE_ORGANISATION) != (self.organisation is not None):
            raise ValueError("a role has an organisation exactly when it holds for one")
        return self


class Settings(ServiceSettings):
    signing_key: Path = Field(validation_alias="MEMBERS_SIGNING_KEY")
    """The private JWK (Ed25519, with a kid) that signs platform tokens."""
    oidc_issuer: str = Field(validation_alias="MEMBERS_OIDC_ISSUER")
    oidc_client_id: str = Field(validation_alias="MEMBERS_OIDC_CLIENT_ID")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), validation_alias="MEMBERS_OIDC_CLIENT_SECRET")
    """What members proves itself with at the provider's token endpoint; empty for a public client."""
    feedback_key: SecretStr = Field(min_length=32, validation_alias="MEMBERS_FEEDBACK_KEY")
    """What open rounds of feedback are kept secret with. It stays while one is open, and never comes near a dump."""
    bootstrap_roles: tuple[BootstrapRole, ...] = Field(default=(), validation_alias="MEMBERS_BOOTSTRAP_ROLES")
    address_key: SecretStr = Field(min_length=SHORTEST_KEY)
    """Checks the links by which people confirm their addresses; notifications, which makes them, holds it too."""
    monitoring_key: Path = Field(validation_alias="MEMBERS_MONITORING_KEY")
    """A file with 64 hexadecimal digits, which name and seal the answers to equality monitoring; with another, or
    without it, those that are there are lost."""
    statistics_threshold: int = Field(default=5, ge=5, validation_alias="MEMBERS_STATISTICS_THRESHOLD")
    """Figures of fewer people are hidden."""
    statistics_special_threshold: int = Field(default=10, ge=5, validation_alias="MEMBERS_STATISTICS_SPECIAL_THRESHOLD")
    """The same for what the law calls special categories."""
    statistics_population: int = Field(default=30, ge=1, validation_alias="MEMBERS_STATISTICS_POPULATION")
    """Of fewer people than these no row of answers is shown at all."""
    import_wait_seconds: float = Field(default=25, ge=0, validation_alias="MEMBERS_IMPORT_WAIT_SECONDS")
    """How long the sender of a file is kept waiting for the whole report."""
    erasure_hours: float = Field(default=24, gt=0, validation_alias="MEMBERS_ERASURE_HOURS")
    """After these, on the business clock, a service that has not erased is late."""
    contacts_again_hours: float = Field(default=7, gt=0, validation_alias="MEMBERS_CONTACTS_AGAIN_HOURS")
    """After these, in wall time, a contact is taken back again; longer than a segment of their stream (six hours)."""
