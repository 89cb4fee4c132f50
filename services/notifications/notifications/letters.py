"""A notice as words: its text, its page of HTML, and the whole message as bytes for the mail server."""

import unicodedata
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import cache, cached_property
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from chassis.web import day, span
from contracts.notifications import NoticeCategory
from notifications.domain import DIGEST, EVERYTHING, Template
from notifications.hosted_event_notices import Announcement

CATEGORIES: Final = {
    NoticeCategory.MEMBERSHIP: "Your membership",
    NoticeCategory.MENTORING: "Mentoring",
    NoticeCategory.EVENTS: "Events",
    NoticeCategory.WORK: "What waits for you as a volunteer or in the team",
    EVERYTHING: "Everything",
}
ROLES: Final = {"hosep": "head of profession", "team": "central team"}
GRADES: Final = {"G7": "Grade 7", "G6": "Grade 6"} | {f"SCS{band}": f"SCS pay band {band}" for band in range(1, 5)}
LONGEST_NAME = 70  # characters, in a header; a longer one is cut there and nowhere else

_words = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


class NoAddress(ValueError):  # noqa: N818 - named for what is the matter
    """What stands as the address is no e-mail address; nothing can be sent to it."""


@dataclass(frozen=True)
class About:
    """What a notice tells of: another member, who without a name has left, a hosted event, or facts of its event."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    hosted_event: Announcement | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What a line in a list says beside the subject."""
        if self.hosted_event is not None:
            return self.hosted_event.title
        return self.name or str(self.facts.get("title", ""))


NOTHING = About()


@dataclass(frozen=True)
class Item:
    """A notice that goes out in a digest."""

    notice_id: UUID
    category: str
    template: Template
    about: About = NOTHING


@dataclass(frozen=True)
class Letter:
    """A notice that is being sent, with whom to. A digest holds items."""

    notice_id: UUID
    member_id: UUID
    category: str
    template: Template
    attempts: int
    message_id: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    front_door: str
    channel: str = "email"
    about: About = NOTHING
    about_member_id: UUID | None = None
    pair_id: UUID | None = None
    unsubscribe_token: UUID | None = field(default=None, repr=False)
    items: tuple[Item, ...] = ()

    @cached_property
    def text(self) -> str:
        """The words in plain text, as they go out."""
        if self.template == DIGEST:
            return _render(self.template, "txt", self.name, NOTHING, self.front_door, self._more())
        return _render(self.template, "txt", self.name, self.about, self.front_door, self._more())

    @cached_property
    def page(self) -> str:
        """The same in HTML."""
        return _render(self.template, "html", self.name, self.about, self.front_door, self._more())

    def texts(self) -> dict[UUID, str]:
        """What is kept as having been said, by notice: of a digest, of each that it held."""
        if not self.items:
            return {self.notice_id: self.text}
        return {
            its.notice_id: text_of(its.template, name=self.name, front_door=self.front_door, about=its.about)
            for its in self.items
        }

    @property
    def unsubscribe_url(self) -> str | None:
        """Where one request ends mail of this kind; None for what everybody gets."""
        if self.template.critical or self.unsubscribe_token is None:
            return None
        return f"{self.front_door}/notifications/unsubscribe/{self.unsubscribe_token}/{self.category}"

    def _more(self) -> dict[str, Any]:
        by_category: dict[str, list[Item]] = {}
        for item in self.items:
            by_category.setdefault(CATEGORIES[item.category], []).append(item)
        return {"unsubscribe_url": self.unsubscribe_url, "items": by_category}

    @property
    def reference(self) -> str:
        """Our id of this message, in its Message-ID and at a provider: it says nothing of anybody."""
        return reference_of(self.message_id)

    @property
    def needs_utf8(self) -> bool:
        """Whether the address itself, not just the name, is beyond ASCII."""
        return not self.email.isascii()


def reference_of(message_id: str) -> str:
    return message_id.removeprefix("<").partition("@")[0]


def text_of(template: Template, *, name: str | None, front_door: str, about: About = NOTHING) -> str:
    """The words in plain text. Without a name it greets without one."""
    return _render(template, "txt", name, about, front_door, {"unsubscribe_url": None, "items": {}})


def compose(letter: Letter, *, sender: str, date: datetime) -> bytes:
    """The whole message. Raises `NoAddress`; no name or address can add a header or an addressee.

    Written out here, since the standard library's `EmailMessage` parses each header that it is given, and took four
    times as long. Bodies are quoted-printable: seven bits and short lines, which every server on the way can do.
    """
    boundary = f"=_{letter.notice_id.hex}"  # no encoded line holds an underscore after an equals sign
    return b"".join(
        (
            _sender(sender),
            _header("To", _addressee(letter), utf8=letter.needs_utf8),
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


def _header(name: str, address: Address, *, utf8: bool = False) -> bytes:
    """A header that holds an address, whose grammar is left to the standard library."""
    policy = SMTPUTF8 if utf8 else SMTP
    folded: str = policy.header_factory(name, address).fold(policy=policy)
    return folded.encode()


@cache
def _sender(address: str) -> bytes:
    """Always the same, so it is made once."""
    return _header("From", Address("Government Science and Engineering profession", addr_spec=address))


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


def _addressee(letter: Letter) -> Address:
    """The name and the address: `user@domain`, both words or words with dots between, in any script."""
    user, _, domain = letter.email.rpartition("@")
    words = [*user.split("."), *domain.split(".")]
    if not all(words) or any(_breaks(character) for character in user + domain):
        raise NoAddress
    return Address(_one_line(letter.name)[:LONGEST_NAME].strip(), username=user, domain=domain)


def _breaks(character: str) -> bool:
    """Whether a character ends an address early: a space, a control, or a mark of the header's grammar."""
    return unicodedata.category(character)[0] in "CZ" or character in '@<>()[],;:\\"'


def _one_line(name: str) -> str:
    """A name without line ends, controls and doubled spaces."""
    printable = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in name)
    return " ".join(printable.split())


def _render(  # noqa: PLR0917 (the parts of a message)
    template: Template, ending: str, name: str | None, about: About, front_door: str, more: Mapping[str, Any]
) -> str:
    words = _words.get_template(f"{template.name}/v{template.version}.{ending}")
    return words.render(
        name=_one_line(name or ""),
        about_name=_one_line(about.name or ""),
        about_email=_one_line(about.email or ""),
        subject=template.subject,
        critical=template.critical,
        front_door=front_door,
        facts=about.facts,
        **more,
        **(_words_of(about.hosted_event) if about.hosted_event else {}),
    )


def _words_of(its: Announcement) -> dict[str, str]:
    return {
        "event_id": str(its.hosted_event_id),
        "event_title": its.title,
        "event_summary": its.summary,
        "event_place": its.place,
        "event_when": span(its.starts_at, its.ends_at),
        "event_day": day(its.starts_at),
    }


def _day_of(text: str) -> str:
    """Of a date as an event says it."""
    return day(calendar_date.fromisoformat(text))


def _role_in_words(role: str) -> str:
    return ROLES.get(role, role.replace("-", " "))


def _grade_in_words(grade: str) -> str:
    return GRADES.get(grade, grade)


_words.filters |= {"day_of": _day_of, "role_in_words": _role_in_words, "grade_in_words": _grade_in_words}
