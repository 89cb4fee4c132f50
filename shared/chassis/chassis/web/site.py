"""What stands around every page: the name, the ways to go, the footer. All four services show the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    text: str
    href: str
    for_strangers: bool = False
    """Not shown to somebody who is signed in as a member."""


@dataclass(frozen=True)
class Site:
    """The frame of every page. List an address only once it exists: nobody may meet a dead end from here."""

    name: str
    navigation: tuple[Link, ...]
    footer: tuple[Link, ...]
    phase: str
    contact: str


SITE = Site(
    name="Government Science and Engineering profession",
    navigation=(
        Link("Home", "/"),
        Link("Join", "/join", for_strangers=True),
        Link("Mentoring", "/mentoring"),
        Link("Events", "/events/calendar"),
    ),
    footer=(
        Link("Privacy", "/privacy"),
        Link("Cookies", "/cookies"),
        Link("Accessibility", "/accessibility"),
    ),
    phase="Beta",
    contact="gse@go-science.gov.uk",
)
