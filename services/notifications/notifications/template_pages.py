"""The team's pages of words: who hears of what, and each message as it goes out, with invented data."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.web import render
from notifications import previews, told
from notifications.domain import DIGEST, Template
from notifications.lines import Line
from notifications.sent_pages import CATEGORY_WORDS, in_words
from notifications.template_api import Version

router = APIRouter(prefix="/notifications/templates", route_class=RetryingRoute, include_in_schema=False)

HOME: Final = "/notifications/templates"
OF_A_DIGEST: Final = "Several messages together, daily, weekly or after an outage"
# A message brings its own looks, each in the element that has it, and nothing else: it loads, runs and sends nothing.
OF_MAIL: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Row:
    """A line of the table in words. `older` are the versions of its words that are not said any more."""

    event: str
    who: str
    when: str
    category: str
    template: Template
    older: list[int]


@router.get("")
async def overview(request: Request, caller: SignedIn) -> HTMLResponse:
    """Every line of the table; the words of a digest, which tells of several events, stand last."""
    permit(caller, "team")
    rows = [_row(its) for its in told.TOLD]
    return render(request, "templates.html", rows=[*rows, _of_a_digest()])


@router.get("/{name}")
async def one(request: Request, name: str, caller: SignedIn, version: Version = None) -> HTMLResponse:
    """One message: its subject, its words in plain text, who gets it, and its other versions."""
    permit(caller, "team")
    its = previews.find(name, version)
    in_use, *older = previews.versions_of(name)
    return render(
        request,
        "template.html",
        its=its,
        in_use=in_use,
        others=[each for each in (in_use, *older) if each != its],
        category=CATEGORY_WORDS[its.category],
        rows=[_row(line) for line in told.TOLD if line.template.name == name] or [_of_a_digest()],
        text=previews.preview(its, request.app.state.settings.front_door).text,
    )


@router.get("/{name}/html")
async def in_html(request: Request, name: str, caller: SignedIn, version: Version = None) -> HTMLResponse:
    """The message in HTML, to the byte as it goes out."""
    permit(caller, "team")
    its = previews.find(name, version)
    page = previews.preview(its, request.app.state.settings.front_door).page
    return HTMLResponse(page, headers={"Content-Security-Policy": OF_MAIL})


def _row(line: Line) -> Row:
    unless = f", unless “{in_words(line.unless.event_name).lower()}” comes first" if line.unless else ""
    return Row(
        event=in_words(line.event.event_name),
        who=line.who.words.capitalize(),
        when=line.when_in_words + unless,
        category=CATEGORY_WORDS[line.template.category],
        template=line.template,
        older=_older(line.template),
    )


def _of_a_digest() -> Row:
    return Row(OF_A_DIGEST, "Who chose so", "", CATEGORY_WORDS[DIGEST.category], DIGEST, _older(DIGEST))


def _older(template: Template) -> list[int]:
    return [its.version for its in previews.versions_of(template.name) if its.version < template.version]
