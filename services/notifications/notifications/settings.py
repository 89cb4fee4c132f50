"""What notifications is told by its environment beside what every service is told."""

from email.errors import MessageError
from email.headerregistry import Address

from pydantic import Field, field_validator

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    smtp_host: str = Field(validation_alias="NOTIFICATIONS_SMTP_HOST", min_length=1)
    smtp_port: int = Field(validation_alias="NOTIFICATIONS_SMTP_PORT", ge=1, le=65535)
    mail_from: str = Field(validation_alias="NOTIFICATIONS_MAIL_FROM", description="the bare address of the sender")

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
