"""What a member may choose to hear, and when: the form of it, checked, and back again. Pure.

Forms and the API name the same fields: each category with a frequency, `inbox` with the categories that are kept there,
`when`, `quiet_from` and `quiet_to` for quiet hours, and `time_zone`.
"""

import re
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from functools import cache
from typing import Final

from contracts.notifications import NoticeCategory
from contracts.refusal import FieldError, Invalid
from notifications.deciding import Choice, Frequency, Hours
from notifications.domain import EVERYTHING
from notifications.letters import CATEGORIES
from notifications.told import TOLD

HOLDS: Final = {
    NoticeCategory.MEMBERSHIP: "Your welcome, and what changes: your grade, your organisation, your roles.",
    NoticeCategory.MENTORING: "Schemes that open, whom you are paired with, and pairs that end.",
    NoticeCategory.EVENTS: "Invitations, your places and reminders of them, and thanks.",
    NoticeCategory.OPPORTUNITIES: "What you can apply for, questions to members, and what was done about the answers.",
    NoticeCategory.WORK: "Events that wait for a sign-off, and dates of the inclusion calendar that come near.",
}
OFTEN: Final = {
    Frequency.IMMEDIATE: "As it happens",
    Frequency.DAILY: "Together, each day at 8 in the morning",
    Frequency.WEEKLY: "Together, on Mondays at 8 in the morning",
    Frequency.NEVER: "Never by email",
}
WORKING_HOURS: Final = (time(9), time(17))
# Where members of the profession work beside the United Kingdom: departments' posts, and Antarctica.
PLACES: Final = {
    "Europe/London": "United Kingdom",
    "Europe/Brussels": "Brussels",
    "Europe/Paris": "Paris",
    "Europe/Zurich": "Geneva",
    "Europe/Gibraltar": "Gibraltar",
    "Asia/Nicosia": "Cyprus",
    "America/New_York": "Washington and New York",
    "America/Sao_Paulo": "Brasília",
    "Africa/Johannesburg": "Pretoria",
    "Africa/Nairobi": "Nairobi",
    "Asia/Kolkata": "New Delhi",
    "Asia/Singapore": "Singapore",
    "Asia/Shanghai": "Beijing",
    "Asia/Tokyo": "Tokyo",
    "Australia/Sydney": "Canberra and Sydney",
    "Atlantic/Stanley": "Falkland Islands",
    "Antarctica/Rothera": "Rothera",
}
_ZONE = re.compile(r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/.+|UTC")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_FREQUENCIES: Final = {its.value for its in Frequency}

Form = Mapping[str, str | list[str]]


class When(StrEnum):
    """When mail may come."""

    ANY = "any"
    WORKING = "working"
    QUIET = "quiet"  # not between two times


FIELDS: Final = (*NoticeCategory, "inbox", "when", "quiet_from", "quiet_to", "time_zone")


@dataclass(frozen=True)
class Preferences:
    """What a member chose, or gets without choosing; of a form, of the categories that it asks about."""

    choices: Mapping[NoticeCategory, Choice]
    hours: Hours


def checked(form: Form, asked: Collection[NoticeCategory] = tuple(NoticeCategory)) -> Preferences:
    """What a form chooses for the categories that it asks about. Raises `Invalid` with all that is to be mended."""
    mistakes = [
        FieldError(its, f"Choose how often we write to you about {about(its)}")
        for its in asked
        if form.get(its) not in _FREQUENCIES
    ]
    when, zone = form.get("when"), str(form.get("time_zone", ""))
    opens = closes = None
    if when == When.WORKING:
        opens, closes = WORKING_HOURS
    elif when == When.QUIET:
        opens, closes = _time(form, "quiet_to", mistakes), _time(form, "quiet_from", mistakes)
        if closes == time.min:
            closes = time.max  # quiet from midnight on: open until the day ends
        if opens is not None and closes is not None and opens >= closes:
            sentence = "Choose a later time than the second one, such as 8pm to 7am, so that email may come in the day"
            mistakes.append(FieldError("quiet_from", sentence))
    elif when != When.ANY:
        mistakes.append(FieldError("when", "Choose when email may come"))
    if zone not in time_zones():
        mistakes.append(FieldError("time_zone", "Choose where you work from the list"))
    if mistakes:
        raise Invalid(*mistakes)
    return Preferences(
        {its: Choice(Frequency(str(form[its])), its in form.get("inbox", ())) for its in asked},
        Hours(zone, opens, closes, weekdays_only=when == When.WORKING),
    )


def as_form(its: Preferences) -> dict[str, str | list[str]]:
    """The form that chooses this; `quiet_from` and `quiet_to` only where they count."""
    form: dict[str, str | list[str]] = {category: choice.email for category, choice in its.choices.items()}
    form["inbox"] = [category for category, choice in its.choices.items() if choice.inbox]
    form["time_zone"] = its.hours.time_zone
    if its.hours.opens is None or its.hours.closes is None:
        return form | {"when": When.ANY}
    if its.hours.weekdays_only:
        return form | {"when": When.WORKING}
    closes = time.min if its.hours.closes == time.max else its.hours.closes
    return form | {"when": When.QUIET, "quiet_from": f"{closes:%H:%M}", "quiet_to": f"{its.hours.opens:%H:%M}"}


def without_mail(choices: Mapping[NoticeCategory, Choice], category: str) -> dict[NoticeCategory, Choice]:
    """What changes when mail of a category ends; the inbox stays as it is. Raises ValueError for no category.

    `everything` comes from a digest, and ends what is gathered for digests. Who gathers nothing got theirs after an
    outage: it ends all mail, unless mail of a kind has ended before, which may be the same request coming again.
    """
    if category != EVERYTHING:
        ending = [NoticeCategory(category)]
    else:
        ending = [its for its, choice in choices.items() if choice.email in (Frequency.DAILY, Frequency.WEEKLY)]
        if not ending and all(choice.email is Frequency.IMMEDIATE for choice in choices.values()):
            ending = list(choices)
    return {its: replace(choices[its], email=Frequency.NEVER) for its in ending}


def about(category: NoticeCategory) -> str:
    """As it stands within a sentence."""
    words = CATEGORIES[category]
    return words[0].lower() + words[1:]


def exempt(categories: Collection[NoticeCategory]) -> list[str]:
    """The subjects of what goes out whatever a member chose, of these categories."""
    critical = (its.template for its in TOLD if its.template.critical)
    return list(dict.fromkeys(its.subject for its in critical if its.category in categories))


@cache
def time_zones() -> dict[str, str]:
    """Every place on a clock of its own, with how it is called: where members work first."""
    others = sorted(its for its in zoneinfo.available_timezones() if _ZONE.fullmatch(its) and its not in PLACES)
    return PLACES | {its: its.replace("_", " ").replace("/", ", ") for its in others}


def _time(form: Form, field: str, mistakes: list[FieldError]) -> time | None:
    text = str(form.get(field, ""))
    if not _TIME.fullmatch(text):
        mistakes.append(FieldError(field, f"Choose a time, such as {'8pm' if field == 'quiet_from' else '7am'}"))
        return None
    return time.fromisoformat(text)
