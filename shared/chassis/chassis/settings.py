"""What a service is told by its environment. Read once, at the start; a missing or wrong value ends the start."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings that every service has, from `GSE_…` variables. A service adds its own in a subclass."""

    model_config = SettingsConfigDict(env_prefix="GSE_", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr
    database_pool: int = Field(default=12, ge=2)
    kafka_bootstrap: str
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256"] = "SCRAM-SHA-512"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    topic_prefix: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=0, le=65535)
    replica: str = "0"
    clock_file: Path | None = None
    token_keys: Path
    front_door: str = "http://localhost:8000"
    log_format: Literal["json", "console"] = "json"
    outbox_bound: int = Field(default=100_000, description="above this backlog, writing requests get a 503")
