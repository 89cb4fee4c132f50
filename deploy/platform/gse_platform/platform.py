"""The parts of one local platform: where each is, and what each is told. Decided before anything runs."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.streams import SERVICES
from gse_platform.given import Given
from gse_platform.home import Home, ports, remembered
from gse_platform.keys import Keys, signing_keys
from gse_platform.personas import bootstrap_roles
from gse_platform.supervisor import Part, Process, Running
from testkit import children
from testkit.access import ACCESS, read_access
from testkit.addresses import KafkaAddress

PYTHON = [sys.executable, "-P", "-m"]
CLIENT_ID = "gse"
STORES, AROUND, SERVING, ENTRANCE = 0, 1, 2, 3

Start = Callable[[Sequence[str], Path, Mapping[str, str]], Running]
"""Starts a module with arguments, given its log and its environment."""


def alone(words: Sequence[str], log: Path, env: Mapping[str, str]) -> Running:
    """As a deployment does: in an interpreter of its own."""
    return Process(children.start([*PYTHON, *words], log=log, env=env))


@dataclass(frozen=True)
class Platform:
    """Everything that has an address, except for the stores, which say theirs when they run."""

    home: Home
    given: Given
    port: int
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    keys: Keys

    @property
    def front_door(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def issuer(self) -> str:
        return self.given.issuer or f"http://localhost:{self.ports['identity-provider']}"

    @property
    def smtp(self) -> tuple[str, int]:
        return self.given.smtp or ("127.0.0.1", self.ports["smtp"])

    @property
    def mail(self) -> str:
        return f"http://localhost:{self.ports['mail']}"

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"


def plan(home: Home, given: Given, port: int) -> Platform:
    """Choose ports, keys and passwords; a home keeps its own from start to start."""
    chosen = ports(home, *SERVICES, "identity-provider", "smtp", "mail", "front-door")
    return Platform(
        home=home,
        given=given,
        port=port or chosen["front-door"],
        ports=chosen,
        secrets=home_secrets(home),
        keys=signing_keys(home),
    )


def home_secrets(home: Home) -> Mapping[str, str]:
    """A home's passwords, those of Kafka's users under `kafka-<user>`; what is new gets one now."""
    names = [f"kafka-{user}" for user in (*read_access(ACCESS).principals, "operator")]
    names += [f"database-{service}" for service in SERVICES]
    fresh = {name: secrets.token_urlsafe(24) for name in [*names, "oidc-client", "feedback", "address-proof"]}
    return remembered(home, "secrets.json", fresh)


def kafka_users(platform: Platform) -> dict[str, str]:
    """The operator and every principal of the access table, with their passwords."""
    return {user: platform.secrets[f"kafka-{user}"] for user in (*read_access(ACCESS).principals, "operator")}


def service_environment(platform: Platform, service: str, database_url: str, kafka: KafkaAddress) -> dict[str, str]:
    """What one service is told."""
    told = {
        "GSE_DATABASE_URL": database_url,
        "GSE_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "GSE_KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
        "GSE_KAFKA_SASL_MECHANISM": kafka.sasl_mechanism,
        "GSE_KAFKA_USERNAME": kafka.username or "",
        "GSE_KAFKA_PASSWORD": kafka.password or "",
        "GSE_TOPIC_PREFIX": platform.given.topic_prefix,
        "GSE_HTTP_HOST": "127.0.0.1",
        "GSE_HTTP_PORT": str(platform.ports[service]),
        "GSE_REPLICA": "0",
        "GSE_CLOCK_FILE": str(platform.home.clock),
        "GSE_TOKEN_KEYS": str(platform.keys.public),
        "GSE_FRONT_DOOR": platform.front_door,
        "GSE_LOG_FORMAT": os.environ.get("GSE_LOG_FORMAT", "json"),
    }
    if service == "members":
        told |= _members_environment(platform)
    if service in {"members", "notifications"}:
        told["GSE_ADDRESS_KEY"] = os.environ.get("GSE_ADDRESS_KEY", platform.secrets["address-proof"])
    if service == "notifications":
        host, port = platform.smtp
        told |= {"NOTIFICATIONS_SMTP_HOST": host, "NOTIFICATIONS_SMTP_PORT": str(port)}
        told |= {"NOTIFICATIONS_MAIL_FROM": os.environ.get("NOTIFICATIONS_MAIL_FROM", "gse-profession@gse.example")}
    return dict(os.environ) | told


def _members_environment(platform: Platform) -> dict[str, str]:
    return {
        "MEMBERS_SIGNING_KEY": str(platform.keys.signing),
        "MEMBERS_MONITORING_KEY": str(platform.keys.monitoring),
        "MEMBERS_OIDC_ISSUER": platform.issuer,
        "MEMBERS_OIDC_CLIENT_ID": os.environ.get("MEMBERS_OIDC_CLIENT_ID", CLIENT_ID),
        "MEMBERS_OIDC_CLIENT_SECRET": os.environ.get("MEMBERS_OIDC_CLIENT_SECRET", platform.secrets["oidc-client"]),
        "MEMBERS_FEEDBACK_KEY": os.environ.get("MEMBERS_FEEDBACK_KEY", platform.secrets["feedback"]),
        "MEMBERS_BOOTSTRAP_ROLES": os.environ.get("MEMBERS_BOOTSTRAP_ROLES", bootstrap_roles()),
    }


def service_part(platform: Platform, service: str, environment: Mapping[str, str], start: Start = alone) -> Part:
    log = platform.home.logs / f"{service}.log"
    return Part(service, SERVING, lambda: start([f"{service}.app", "migrate", "serve"], log, environment), log)


def identity_provider_part(platform: Platform, start: Start = alone) -> Part:
    port = str(platform.ports["identity-provider"])
    return _ours(platform, "identity-provider", AROUND, ["identity_provider", "--port", port], start)


def mail_sink_part(platform: Platform, start: Start = alone) -> Part:
    smtp, http = str(platform.ports["smtp"]), str(platform.ports["mail"])
    words = ["mail_sink", "--folder", str(platform.home.mail), "--smtp-port", smtp, "--http-port", http]
    return _ours(platform, "mail-sink", AROUND, words, start)


def front_door_part(platform: Platform, start: Start = alone) -> Part:
    services = [f"--service={service}={platform.url(service)}" for service in SERVICES]
    return _ours(platform, "front-door", ENTRANCE, ["front_door", "--port", str(platform.port), *services], start)


def _ours(platform: Platform, name: str, layer: int, words: Sequence[str], start: Start) -> Part:
    log = platform.home.logs / f"{name}.log"
    module, *arguments = words
    return Part(name, layer, lambda: start([f"gse_platform.{module}", *arguments], log, dict(os.environ)), log)
