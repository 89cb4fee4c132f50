"""A notice as words: its text and its page of HTML. `message.compose` makes a whole message of it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as calendar_date
from datetime import datetime
from functools import cache, cached_property, lru_cache
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from chassis.web import day, moment, span
from contracts.notifications import NoticeCategory
from notifications.domain import DIGEST, EVERYTHING, Template
from notifications.hosted_event_notices import Announcement

CATEGORIES: Final = {
    NoticeCategory.MEMBERSHIP: "Your membership",
    NoticeCategory.MENTORING: "Mentoring",
    NoticeCategory.EVENTS: "Events",
    NoticeCategory.OPPORTUNITIES: "What you can do and what came of it",
    NoticeCategory.WORK: "What waits for you as a volunteer or in the team",
    EVERYTHING: "Everything",
}
ROLES: Final = {"hosep": "head of profession", "team": "central team"}
GRADES: Final = {"G7": "Grade 7", "G6": "Grade 6"} | {f"SCS{band}": f"SCS pay band {band}" for band in range(1, 5)}
NO_LINKS: Final[Mapping[str, str | None]] = {"unsubscribe_url": None, "confirm_url": None}  # of one person's own
KEPT_WORDS = 64  # of events, in words of one template; they hold nobody's name or address

_words = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


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
    confirm_url: str | None = field(default=None, repr=False)  # where the address is confirmed
    items: tuple[Item, ...] = ()

    @cached_property
    def text(self) -> str:
        """The words in plain text, as they go out."""
        return self._rendered("txt")

    @cached_property
    def page(self) -> str:
        """The same in HTML."""
        return self._rendered("html")

    def texts(self) -> dict[UUID, str]:
        """What is kept as having been said, by notice: of a digest, of each that it held.

        Without the link that confirms the address: whoever reads the inbox has not shown that they read this mail.
        """
        if not self.items and self.confirm_url is not None:
            return {self.notice_id: replace(self, confirm_url=None).text}
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

    def _rendered(self, ending: str) -> str:
        by_category: dict[str, list[Item]] = {}
        for item in self.items:
            by_category.setdefault(CATEGORIES[item.category], []).append(item)
        items = by_category if self.template.name == DIGEST.name else None
        links = {"unsubscribe_url": self.unsubscribe_url, "confirm_url": self.confirm_url}
        return _render(self.template, ending, self.name, self.about, self.front_door, links, items)

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
    return _render(template, "txt", name, about, front_door)


def one_line(name: str) -> str:
    """A name without line ends, controls and doubled spaces."""
    printable = name if name.isprintable() else "".join(its if its.isprintable() else " " for its in name)
    return " ".join(printable.split())


def _render(  # noqa: PLR0917 (the parts of a message)
    template: Template,
    ending: str,
    name: str | None,
    about: About,
    front_door: str,
    links: Mapping[str, str | None] = NO_LINKS,
    items: Mapping[str, Sequence[Item]] | None = None,
) -> str:
    """The words, with what differs from person to person put in last, since many are told the same."""
    personal = {
        "name": name,
        "about_name": about.name,
        "about_email": about.email,
        **links,
    }
    lines = {of: line for of, its in personal.items() if its and (line := one_line(its))}
    wanted = _facts_in(template, ending)
    facts = json.dumps({key: its for key, its in about.facts.items() if key in wanted}) if wanted else "{}"
    for_all = _words_for_all if items is None else _words_for_all.__wrapped__
    words = for_all(template, ending, tuple(lines), about.hosted_event, facts, front_door, items)
    for of, line in lines.items():
        words = words.replace(_mark(of), escape(line) if ending == "html" else line)
    return words


@lru_cache(KEPT_WORDS)
def _words_for_all(  # noqa: PLR0917 (the parts of a message)
    template: Template,
    ending: str,
    personal: tuple[str, ...],
    its: Announcement | None,
    facts: str,
    front_door: str,
    items: Mapping[str, Sequence[Item]] | None,
) -> str:
    """The words with a mark for each personal field that there is, and nothing for the others."""
    words = _words.get_template(_file(template, ending))
    return words.render(
        dict.fromkeys(("name", "about_name", "about_email", *NO_LINKS), ""),
        **{of: _mark(of) for of in personal},
        subject=template.subject,
        critical=template.critical,
        front_door=front_door,
        facts=json.loads(facts),
        items=items or {},
        **(_words_of(its) if its else {}),
    )


@cache
def _facts_in(template: Template, ending: str) -> frozenset[str]:
    """The facts that the words name: others would keep words apart that are the same."""
    assert _words.loader is not None  # noqa: S101 - it was given above
    source, _, _ = _words.loader.get_source(_words, _file(template, ending))
    return frozenset(re.findall(r"\bfacts\.(\w+)", source))


def _file(template: Template, ending: str) -> str:
    return f"{template.name}/v{template.version}.{ending}"


def _mark(of: str) -> str:
    """No text that PostgreSQL keeps holds the character around it, and no line that is put in its place."""
    return f"\0{of}\0"


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


def _moment_of(text: str) -> str:
    """Of an instant as an event says it."""
    return moment(datetime.fromisoformat(text))


def _role_in_words(role: str) -> str:
    return ROLES.get(role, role.replace("-", " "))


def _grade_in_words(grade: str) -> str:
    return GRADES.get(grade, grade)


_words.filters |= {
    "day_of": _day_of,
    "moment_of": _moment_of,
    "role_in_words": _role_in_words,
    "grade_in_words": _grade_in_words,
}
