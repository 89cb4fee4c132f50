"""Where a broker is and how to sign in to it, in the words of the two clients that we use."""

from dataclasses import dataclass
from typing import TypedDict


class AiokafkaSettings(TypedDict):
    bootstrap_servers: str
    security_protocol: str
    sasl_mechanism: str
    sasl_plain_username: str | None
    sasl_plain_password: str | None


@dataclass(frozen=True)
class KafkaAddress:
    """One principal's way in. Without a user the connection is plain and nobody is asked for a name."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"KafkaAddress({self.bootstrap!r}, {self.security_protocol!r}, username={self.username!r})"

    def aiokafka(self) -> AiokafkaSettings:
        """Keyword arguments for aiokafka's clients."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism if self.username else "PLAIN",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def confluent(self) -> dict[str, str | int | float | bool]:
        """Settings for librdkafka's clients."""
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            "log_level": 0,  # its errors reach the caller as exceptions; its notices would stand between what we print
        }
        if self.username is not None and self.password is not None:
            settings |= {
                "sasl.mechanism": self.sasl_mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        return settings
