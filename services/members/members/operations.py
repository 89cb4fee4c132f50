"""The whole picture for operators: four services, the streams between them, and what flows where.

Each service has a part of its own (`chassis.operations`). Here they are only drawn and linked; a script in the
operator's browser asks each for its figures, so no service asks another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.identity import SignedIn, permit
from chassis.web import render
from contracts.base import Visibility
from contracts.heard import HEARD
from contracts.streams import SERVICES, STREAMS, Stream

router = APIRouter(include_in_schema=False)

COLUMN, GAP, TOP, LANE, FOOT = 96, 6, 96, 52, 12


@dataclass(frozen=True)
class Tap:
    """Where a service meets a stream: it says (into the stream) or hears (out of it)."""

    service: str
    stream: str
    says: bool
    x: int


@dataclass(frozen=True)
class Lane:
    """A stream, drawn from side to side at the height `y`, with the taps on it."""

    stream: str
    y: int
    taps: Sequence[Tap]


@dataclass(frozen=True)
class Column:
    """A service, drawn as a box at the top, from which its line goes down through the streams as far as it taps one."""

    service: str
    x: int
    middle: int
    bottom: int


@dataclass(frozen=True)
class Picture:
    box: int
    width: int
    height: int
    columns: Sequence[Column]
    lanes: Sequence[Lane]


def picture(streams: Sequence[Stream], heard: Mapping[str, Sequence[str]]) -> Picture:
    """Where everything stands in the drawing: services side by side, under them one stream below the other."""
    middles = {service: COLUMN * place + COLUMN // 2 for place, service in enumerate(SERVICES)}
    lanes = [
        Lane(its.name, TOP + LANE * place + LANE // 2 + 8, list(_taps(its, heard, middles)))
        for place, its in enumerate(streams)
    ]
    columns = [
        Column(
            service,
            middle - (COLUMN - GAP) // 2,
            middle,
            max((lane.y for lane in lanes if any(tap.service == service for tap in lane.taps)), default=TOP),
        )
        for service, middle in middles.items()
    ]
    return Picture(COLUMN - GAP, COLUMN * len(columns), TOP + LANE * len(lanes) + FOOT, columns, lanes)


def _taps(stream: Stream, heard: Mapping[str, Sequence[str]], middles: Mapping[str, int]) -> Iterator[Tap]:
    for service, middle in middles.items():
        if service == stream.service:
            yield Tap(service, stream.name, says=True, x=middle)
        elif stream.name in heard[service]:
            yield Tap(service, stream.name, says=False, x=middle)


BETWEEN: Final = [its for its in STREAMS if its.visibility is not Visibility.PUBLIC]
PICTURE: Final = picture(BETWEEN, HEARD)
PUBLIC: Final = [its.name for its in STREAMS if its.visibility is Visibility.PUBLIC]


@router.get("/operations")
async def operations(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "operator")
    return render(request, "whole_picture.html", picture=PICTURE, services=SERVICES, public=PUBLIC)
