"""Every message with invented data, for the team to look at. Nobody in it exists, and no address leads anywhere."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from contracts.events import KeyDateApproaching
from contracts.refusal import NotFound
from notifications.domain import DIGEST, INTRODUCTION, Template
from notifications.hosted_event_notices import INVITATION, Announcement
from notifications.letters import About, Item, Letter
from notifications.lines import Line
from notifications.told import TEMPLATES, TOLD

NAME, ADDRESS = "Rowan Achebe", "rowan.achebe@example.org"
OTHER = About(name="Sam Okafor", email="sam.okafor@example.org")
ID: Final = UUID("00000000-0000-4000-8000-000000000000")
HOSTED: Final = About(
    hosted_event=Announcement(
        hosted_event_id=ID,
        title="Soils & cities",
        summary="Two short talks about what grows where nobody planted it, and time for questions.",
        place="Online",
        link="https://example.org/soils",
        starts_at=datetime(2027, 3, 11, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 3, 11, 15, 30, tzinfo=UTC),
    )
)
FACTS: Final = {
    "grade": "G7",
    "organisation": "UKHSA",
    "role": "hosep",
    "late": ["mentoring", "events"],
    "restricted": True,
    "title": "Ada Lovelace Day & what follows",
    "summary": "Half a year of talking with somebody who works in another field.",
    "link": "https://example.org/scheme",
    "starts_on": "2027-10-12",
    "ends_on": "2028-09-30",
    "ended_on": "2028-06-30",
    "due_on": "2027-03-31",
    "closes_at": "2027-10-12T16:00:00Z",
    "closes_on": "2027-10-12",
    "you_said": "Nobody knows which posts abroad are open to scientists.",
    "we_did": "From May on every such post is in one list, with somebody to ask.",
    "group_id": str(ID),
    "starts_at": "2027-10-12T13:00:00Z",
    "changes": 1,
    "cancelled": False,
    "theme_id": str(ID),
    "subject": str(ID),
}
"""By the names of fields of events; `title` is also what a key date is called, and `subject` what an event is about."""


class NoSuchTemplate(NotFound):
    """No message has this name, or never had this version."""

    def __init__(self) -> None:
        super().__init__("There is no such message.")


def versions_of(name: str) -> list[Template]:
    """The newest first, which is the one in use."""
    return sorted((its for its in TEMPLATES.values() if its.name == name), key=lambda its: -its.version)


def find(name: str, version: int | None) -> Template:
    """That version, or without one the newest. Raises `NoSuchTemplate`."""
    found = next((its for its in versions_of(name) if version in (None, its.version)), None)
    if found is None:
        raise NoSuchTemplate
    return found


def preview(template: Template, front_door: str) -> Letter:
    """The message as it would go out to somebody."""
    return Letter(
        notice_id=ID,
        member_id=ID,
        category=template.category,
        template=template,
        attempts=1,
        message_id=f"<{ID}@example.org>",
        name=NAME,
        email=ADDRESS,
        front_door=front_door,
        about=about(template),
        unsubscribe_token=ID,
        items=_one_of_each_category() if template == DIGEST else (),
    )


def about(template: Template) -> About:
    """What it tells of: of the facts only those that its event has."""
    if template.name == INTRODUCTION.name:
        return OTHER
    lines = [line for line in TOLD if line.template.name == template.name]
    return About(hosted_event=HOSTED.hosted_event, facts=_facts(lines))


def _facts(lines: list[Line]) -> dict[str, Any]:
    needed = {"subject", *(name for line in lines for name in line.says)}
    if any(line.event is KeyDateApproaching for line in lines):
        needed.add("title")
    return {name: FACTS[name] for name in FACTS if name in needed}


def _one_of_each_category() -> tuple[Item, ...]:
    named = (("grade-changed", 1), (INTRODUCTION.name, INTRODUCTION.version), (INVITATION.name, INVITATION.version))
    templates = [TEMPLATES[its] for its in (*named, ("key-date-approaching", 1))]
    return tuple(Item(ID, its.category, its, _shown(its)) for its in templates)


def _shown(template: Template) -> About:
    """As in a letter of its own, where a hosted event stands beside a notice that tells of one alone."""
    its = about(template)
    return its if template.name == INVITATION.name else About(its.name, its.email, facts=its.facts)
