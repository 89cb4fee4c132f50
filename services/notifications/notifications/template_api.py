"""The words of every message with invented data, for the team, over HTTP. Nothing here is of anybody who exists."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from notifications import lines, previews, told
from notifications.domain import Template

router = APIRouter(prefix="/api/notifications/v1/templates", tags=["notifications"], route_class=RetryingRoute)

Version = Annotated[int | None, Query(ge=1, le=10_000, description="The newest without it")]


class Line(BaseModel):
    """Who hears of an event, by which message and when; `unless` is the event that calls it off before it went out."""

    event: str
    who: str
    category: str
    template: str
    version: int
    critical: bool
    subject: str
    when: str
    unless: str | None


class Listed(BaseModel):
    """A message with the versions of its words, the newest first: that one is in use."""

    name: str
    category: str
    subject: str
    versions: list[int]


class Templates(BaseModel):
    """The table of who hears of what, and every message; a digest is no event's, so it is among the messages alone."""

    lines: list[Line]
    templates: list[Listed]


class Preview(BaseModel):
    """One message as it would go out to somebody who does not exist. `in_use` is whether it still does."""

    name: str
    version: int
    versions: list[int]
    in_use: bool
    category: str
    critical: bool
    subject: str
    text: str
    html: str


@router.get("")
async def templates(caller: SignedIn) -> Templates:
    """Every line of the table, and every message."""
    permit(caller, "team")
    names = dict.fromkeys(name for name, _ in told.TEMPLATES)
    return Templates(lines=[_line(its) for its in told.TOLD], templates=[_listed(name) for name in names])


@router.get("/{name}")
async def template(request: Request, name: str, caller: SignedIn, version: Version = None) -> Preview:
    """One message in plain text and HTML, with invented data."""
    permit(caller, "team")
    its = previews.find(name, version)
    versions = _versions(name)
    letter = previews.preview(its, request.app.state.settings.front_door)
    return Preview(
        name=name,
        version=its.version,
        versions=versions,
        in_use=its.version == versions[0],
        category=its.category,
        critical=its.critical,
        subject=its.subject,
        text=letter.text,
        html=letter.page,
    )


def _line(its: lines.Line) -> Line:
    return Line(
        event=its.event.event_name,
        who=its.who.words,
        category=its.template.category,
        template=its.template.name,
        version=its.template.version,
        critical=its.template.critical,
        subject=its.template.subject,
        when=its.when_in_words,
        unless=its.unless.event_name if its.unless else None,
    )


def _listed(name: str) -> Listed:
    its: Template = previews.find(name, None)
    return Listed(name=name, category=its.category, subject=its.subject, versions=_versions(name))


def _versions(name: str) -> list[int]:
    return [its.version for its in previews.versions_of(name)]
