"""What the environment gives. An address given there wins over everything local: that part is not started here."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.streams import SERVICES
from testkit.addresses import KafkaAddress


@dataclass(frozen=True)
class Given:
    kafka: KafkaAddress | None
    databases: dict[str, str]
    smtp: tuple[str, int] | None
    issuer: str | None
    topic_prefix: str


def given() -> Given:
    """The addresses of the environment; what is missing there is made on this machine."""
    host, port = os.environ.get("NOTIFICATIONS_SMTP_HOST"), os.environ.get("NOTIFICATIONS_SMTP_PORT")
    urls = {service: os.environ.get(f"GSE_DATABASE_URL_{service.upper()}") for service in SERVICES}
    return Given(
        kafka=_kafka(),
        databases={service: url for service, url in urls.items() if url},
        smtp=(host, int(port or 25)) if host else None,
        issuer=os.environ.get("MEMBERS_OIDC_ISSUER") or None,
        topic_prefix=os.environ.get("GSE_TOPIC_PREFIX", ""),
    )


def kafka_passwords(users: Iterable[str]) -> dict[str, str]:
    """The passwords that a deployment gives for its own Kafka's users, as GSE_KAFKA_PASSWORD_MEMBERS."""
    variables = {user: f"GSE_KAFKA_PASSWORD_{user.upper().replace('-', '_')}" for user in users}
    return {user: os.environ[variable] for user, variable in variables.items() if os.environ.get(variable)}


def _kafka() -> KafkaAddress | None:
    bootstrap = os.environ.get("GSE_KAFKA_BOOTSTRAP")
    if not bootstrap:
        return None
    return KafkaAddress(
        bootstrap=bootstrap,
        security_protocol=os.environ.get("GSE_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        sasl_mechanism=os.environ.get("GSE_KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"),
        username=os.environ.get("GSE_KAFKA_USERNAME") or None,
        password=os.environ.get("GSE_KAFKA_PASSWORD") or None,
    )
