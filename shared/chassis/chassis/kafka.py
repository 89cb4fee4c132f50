"""How a service reaches Kafka: one place for addresses, names and credentials."""

import ssl
from typing import Any

from chassis.settings import ServiceSettings


def topic_of(settings: ServiceSettings, stream: str) -> str:
    """The topic that carries a stream; tests put a prefix before it."""
    return f"{settings.topic_prefix}{stream}"


def tls_of(settings: ServiceSettings) -> ssl.SSLContext | None:
    """Verifies the broker's certificate and host name, against the deployment's authority when one is given."""
    if settings.kafka_security_protocol != "SASL_SSL":
        return None
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """Options that every aiokafka client of this service takes."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
            "ssl_context": tls_of(settings),
        }
    return options
