"""A letter as the bytes that a mail server takes."""

from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from notifications.letters import Letter, one_line

LONGEST_NAME = 70  # characters, in a header; a longer one is cut there and nowhere else
LONGEST_ENCODED = 45  # bytes of a name: 60 in base64, and an encoded word may have 75 characters
SENDER_NAME = "Government Science and Engineering profession"
_GRAMMAR = frozenset(' @<>()[],;:\\"')  # what ends an address early, or means something in a header


class NoAddress(ValueError):  # noqa: N818 - named for what is the matter
    """What stands as the address is no e-mail address; nothing can be sent to it."""


def compose(letter: Letter, *, sender: str, date: datetime) -> bytes:
    """The whole message. Raises `NoAddress`; no name or address can add a header or an addressee.

    Written out here, since the standard library's `EmailMessage` parses each header that it is given, and took ten
    times as long. Bodies are quoted-printable: seven bits and short lines, which every server on the way can do.
    """
    boundary = f"=_{letter.notice_id.hex}"  # no encoded line holds an underscore after an equals sign
    return b"".join(
        (
            # UTF-8 only where the address itself is beyond ASCII, which the server has then said it can do.
            _header("From", SENDER_NAME, sender).encode(),
            _header("To", one_line(letter.name)[:LONGEST_NAME].strip(), _address(letter.email)).encode(),
            f"Subject: {letter.template.subject}\r\n"
            f"Date: {format_datetime(date)}\r\n"
            f"Message-ID: {letter.message_id}\r\n"
            "Auto-Submitted: auto-generated\r\n"
            f"{_unsubscribing(letter)}"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode("ascii"),
            _part(boundary, "plain", letter.text),
            _part(boundary, "html", letter.page),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


def _header(field_name: str, name: str, address: str) -> str:
    """A header that holds a name of one line and an address that `_address` let pass."""
    if not name:
        return f"{field_name}: {address}\r\n"
    # The lines are folded before the address, so that none is longer than a server or a parser has to bear.
    return f"{field_name}: {_phrase(name)}\r\n <{address}>\r\n"


def _phrase(name: str) -> str:
    """A name as RFC 5322 and 2047 have it in a header: in quotes, or encoded, which needs none."""
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "\r\n ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _encodable(name.encode()))


def _encodable(name: bytes) -> Iterator[bytes]:
    """The parts of a name in UTF-8 that are an encoded word each: as long as these may be, and of whole characters."""
    while name:
        end = LONGEST_ENCODED
        while name[end : end + 1] and name[end] & 0xC0 == 0x80:  # noqa: PLR2004 - a character goes on
            end -= 1
        yield name[:end]
        name = name[end:]


def _part(boundary: str, subtype: str, content: str) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    encoded = b2a_qp(content.encode().replace(b"\n", b"\r\n"), istext=True)
    return head.encode("ascii") + encoded + b"\r\n"


def _unsubscribing(letter: Letter) -> str:
    """The headers of one-click unsubscribing (RFC 8058, RFC 2369); whoever relays the message signs them (DKIM)."""
    if letter.unsubscribe_url is None:
        return ""
    return f"List-Unsubscribe: <{letter.unsubscribe_url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _address(email: str) -> str:
    """The address, if it is `user@domain`, both words or words with dots between, in any script."""
    user, _, domain = email.rpartition("@")
    words = [*user.split("."), *domain.split(".")]
    if not all(words) or not (user + domain).isprintable() or not _GRAMMAR.isdisjoint(user + domain):
        raise NoAddress
    return email
