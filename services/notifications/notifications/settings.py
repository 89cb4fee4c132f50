"""What notifications is told by its environment beside what every service is told."""

import re
from email.errors import MessageError
from email.headerregistry import Address
from typing import Final, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator

from chassis.settings import ServiceSettings
from contracts.address_proof import SHORTEST_KEY

SHORTEST_TOKEN: Final = 16  # characters
_ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOTIFY_KEY: Final = re.compile(f".+-{_ID}-{_ID}")  # a name, the service, the secret
AT_HOME: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(ServiceSettings):
    address_key: SecretStr = Field(min_length=SHORTEST_KEY)
    """Makes the links by which people confirm their addresses; members holds it too."""
    smtp_host: str = Field(validation_alias="NOTIFICATIONS_SMTP_HOST", min_length=1)
    smtp_port: int = Field(validation_alias="NOTIFICATIONS_SMTP_PORT", ge=1, le=65535)
    mail_from: str = Field(validation_alias="NOTIFICATIONS_MAIL_FROM", description="the bare address of the sender")
    smtp_per_second: float = Field(
        0, validation_alias="NOTIFICATIONS_SMTP_PER_SECOND", ge=0, description="messages of one replica; 0 is no limit"
    )
    channels: Literal["smtp", "notify", "notify,smtp"] = Field(
        "smtp", validation_alias="NOTIFICATIONS_CHANNELS", description="ways to send by, the preferred one first"
    )
    notify_key: SecretStr = Field(SecretStr(""), validation_alias="NOTIFICATIONS_NOTIFY_KEY")
    notify_template: UUID | None = Field(None, validation_alias="NOTIFICATIONS_NOTIFY_TEMPLATE")
    notify_url: str = Field("https://api.notifications.service.gov.uk", validation_alias="NOTIFICATIONS_NOTIFY_URL")
    notify_receipt_token: SecretStr = Field(SecretStr(""), validation_alias="NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN")

    body_days: int = Field(
        7, validation_alias="NOTIFICATIONS_BODY_DAYS", ge=1, description="how long the words of a message are kept"
    )
    notice_days: int = Field(
        365, validation_alias="NOTIFICATIONS_NOTICE_DAYS", ge=1, description="how long a notice is kept, without words"
    )

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            address = Address(addr_spec=value)
        except (MessageError, ValueError, IndexError) as error:
            raise ValueError("not an e-mail address") from error
        if not (address.username and "." in address.domain.strip(".") and value.isascii()):
            raise ValueError("not an e-mail address with a domain, in ASCII")
        return value

    @property
    def has_notify(self) -> bool:
        return bool(self.notify_key.get_secret_value())

    @model_validator(mode="after")
    def _notify_is_whole(self) -> Self:
        """Everything of Notify or nothing: half of it would send what nobody hears back from, or nothing at all."""
        key, token = self.notify_key.get_secret_value(), self.notify_receipt_token.get_secret_value()
        of_notify = {
            "NOTIFICATIONS_NOTIFY_KEY": key,
            "NOTIFICATIONS_NOTIFY_TEMPLATE": self.notify_template,
            "NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN": token,
        }
        missing = [name for name, value in of_notify.items() if not value]
        if missing and (len(missing) < len(of_notify) or self.channels != "smtp"):
            raise ValueError(f"sending by Notify needs {' and '.join(missing)} as well")
        if missing:
            return self
        if not NOTIFY_KEY.fullmatch(key):
            raise ValueError("NOTIFICATIONS_NOTIFY_KEY is no key of Notify: a name and two ids, with hyphens between")
        if len(token) < SHORTEST_TOKEN:
            raise ValueError(f"NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN needs {SHORTEST_TOKEN} characters or more")
        url = urlsplit(self.notify_url)
        if not url.hostname or (url.scheme != "https" and not (url.scheme == "http" and url.hostname in AT_HOME)):
            raise ValueError("NOTIFICATIONS_NOTIFY_URL needs to begin with https://")
        return self
