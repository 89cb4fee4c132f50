"""Delivery status notifications (RFC 3464): what a mail server says of a message that it took and could not deliver."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from typing import Final

from contracts.refusal import FieldError, Invalid

FAILED: Final = "failed"
STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
# Of a permanent failure, what lies with us, our message or a policy: the next message may well arrive.
NOT_OF_ADDRESS: Final = frozenset({3, 6, 7})
MESSAGE_TOO_LONG: Final = (2, 3)


class NoBounce(Invalid):
    """What came is no delivery status notification, or says nothing of a message of ours."""

    def __init__(self, sentence: str) -> None:
        super().__init__(FieldError("message", sentence))


@dataclass(frozen=True)
class Bounce:
    """What it says of one message."""

    message_id: str
    is_final: bool  # the server has given up; otherwise it goes on trying, or it was delivered
    code: str = ""  # RFC 3463's
    refused: frozenset[str] = field(default=frozenset(), repr=False)  # addresses at which nothing arrives

    @property
    def reason(self) -> str:
        """Holds a code and never the server's words: those may repeat an address."""
        return f"the mail server could not deliver it: code {self.code}"


def read(message: bytes) -> Bounce:
    """Raises `NoBounce` with a sentence that repeats nothing of the message."""
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    parts = list(parsed.walk())
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if parsed.get_content_type() != "multipart/report" or not reports:
        raise NoBounce("Send a delivery status notification, as in RFC 3464.")
    returned = next((its for its in map(_returned_headers, parts) if its is not None), None)
    message_id = str(returned.get("Message-ID", "")).strip() if returned is not None else ""
    if not message_id:
        raise NoBounce("It returns no headers with a Message-ID.")
    blocks = [block for report in reports for block in _blocks(report) if block.get("Action")]
    if not blocks:
        raise NoBounce("It says nothing of a recipient.")
    failed = [block for block in blocks if str(block["Action"]).strip().lower() == FAILED]
    if not failed:
        return Bounce(message_id, is_final=False)
    codes = [STATUS.match(str(block.get("Status", ""))) for block in failed]
    code = codes[0]
    if code is None:
        raise NoBounce("It says of a failure not with which status.")
    addresses = {address for block in failed for address in _addresses(block)}
    if returned is not None and _is_of_address(code):
        addresses |= {its.addr_spec for its in getattr(returned.get("To"), "addresses", ())}
    return Bounce(
        message_id,
        is_final=True,
        code=".".join(code.groups()),
        refused=frozenset(addresses) if _is_of_address(code) else frozenset(),
    )


def _is_of_address(code: re.Match[str]) -> bool:
    kind, subject, detail = (int(part) for part in code.groups())
    return kind == 5 and subject not in NOT_OF_ADDRESS and (subject, detail) != MESSAGE_TOO_LONG  # noqa: PLR2004


def _returned_headers(part: Message) -> Message | None:
    """The headers of the message that was not delivered, which come whole or by themselves."""
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
        return payload[0] if isinstance(payload[0], Message) else None
    if part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        return email.message_from_string(part.get_content(), policy=email.policy.default)
    return None


def _blocks(report: Message) -> Iterator[Message]:
    payload = report.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))


def _addresses(block: Message) -> Iterator[str]:
    """`rfc822; ada@example.org`, as it was given first and as it was found at last."""
    for name in ("Original-Recipient", "Final-Recipient"):
        _, _, address = str(block.get(name, "")).partition(";")
        if address.strip():
            yield address.strip()
