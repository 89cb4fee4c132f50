"""What members choose to hear, drawn at random, and the same folded: what they have chosen in the end."""

import random
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gse_platform.prove.facts import Command

CATEGORIES: Final = ("membership", "mentoring", "events", "work")
FREQUENCIES: Final = ("immediate", "immediate", "daily", "weekly", "never")
PLACES: Final = ("Europe/London", "Europe/Paris")
OPEN_AT_NOON: Final = ((7, 20), (11, 14), (0, 15), (10, 23))  # so that on a Monday at noon mail comes to everybody
EVERYTHING: Final = "everything"

Chosen = tuple[Mapping[str, str], frozenset[str], tuple[str, ...]]
"""Frequencies by category, the categories kept in the inbox, and the hours."""

NOT_ASKED: Final = "opportunities"  # left out of every wish, so it stays as it is until a mail is unsubscribed from
AT_FIRST: Final[Chosen] = (
    {**dict.fromkeys(CATEGORIES, "immediate"), NOT_ASKED: "weekly"},
    frozenset({*CATEGORIES, NOT_ASKED}),
    ("any", "", "", "Europe/London"),
)


def wish(chance: random.Random) -> dict[str, str]:
    """All that a member chooses, flat: what goes into the history."""
    form = {category: chance.choice(FREQUENCIES) for category in CATEGORIES}
    form["inbox"] = ",".join(its for its in CATEGORIES if chance.random() > 0.2)  # noqa: PLR2004 (a fifth)
    form["when"] = chance.choice(("any", "any", "working", "quiet"))
    opens, closes = chance.choice(OPEN_AT_NOON)
    is_quiet = form["when"] == "quiet"
    form |= {"quiet_from": f"{closes:02}:00" if is_quiet else "", "quiet_to": f"{opens:02}:00" if is_quiet else ""}
    return form | {"time_zone": chance.choice(PLACES)}


def as_form(its: Mapping[str, str]) -> dict[str, Any]:
    """The same as the API takes it."""
    inbox = its["inbox"].split(",")
    wanted = {each: {"email": its[each], "inbox": each in inbox} for each in CATEGORIES}
    hours = {name: its[name] or None for name in ("quiet_from", "quiet_to")}
    return {**wanted, **hours, "when": its["when"], "time_zone": its["time_zone"]}


def after(before: Chosen, its: Command) -> Chosen:
    """What is chosen once a command was acknowledged."""
    frequencies, inbox, hours = before
    if its.kind == "unsubscribe":
        return {**frequencies, **dict.fromkeys(ended(frequencies, its.asked["category"]), "never")}, inbox, hours
    wanted = {**frequencies, **{category: its.asked[category] for category in CATEGORIES}}
    when = tuple(its.asked[name] for name in ("when", "quiet_from", "quiet_to", "time_zone"))
    return wanted, frozenset(filter(None, its.asked["inbox"].split(","))) | inbox & {NOT_ASKED}, when


def ended(frequencies: Mapping[str, str], category: str) -> Iterable[str]:
    """The categories that end: one, or from a digest those gathered for digests; all, where everything came at once."""
    if category != EVERYTHING:
        return [category]
    gathered = [its for its, often in frequencies.items() if often in {"daily", "weekly"}]
    return gathered or ([] if set(frequencies.values()) != {"immediate"} else list(frequencies))
