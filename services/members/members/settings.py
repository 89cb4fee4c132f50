"""What members is told by its environment, beside what every service is."""

from pathlib import Path

from pydantic import BaseModel, Field

from chassis.settings import ServiceSettings


class BootstrapRole(BaseModel):
    """A role that the deployment grants to a subject of its identity provider, when that first signs in."""

    subject: str
    role: str
    organisation: str | None = None


class Settings(ServiceSettings):
    signing_key: Path = Field(validation_alias="MEMBERS_SIGNING_KEY")
    """The private JWK (Ed25519, with a kid) that signs platform tokens."""
    oidc_issuer: str = Field(validation_alias="MEMBERS_OIDC_ISSUER")
    oidc_client_id: str = Field(validation_alias="MEMBERS_OIDC_CLIENT_ID")
    bootstrap_roles: tuple[BootstrapRole, ...] = Field(default=(), validation_alias="MEMBERS_BOOTSTRAP_ROLES")
    import_wait_seconds: float = Field(default=25, ge=0, validation_alias="MEMBERS_IMPORT_WAIT_SECONDS")
    """How long the sender of a file is kept waiting for the whole report."""
