"""The whole picture for operators: which service says and hears what, and the ways to each."""

import re
from collections.abc import Callable

from httpx2 import AsyncClient

from contracts.base import Visibility
from contracts.streams import Stream
from members.operations import Column, Lane, Picture, Tap, picture

PAGE = {"Accept": "text/html"}
SignedIn = Callable[..., dict[str, str]]


def test_services_stand_side_by_side_and_each_reaches_down_to_the_last_stream_it_taps() -> None:
    streams = [
        Stream("gse.events", "events", Visibility.INTERNAL),
        Stream("gse.members", "members", Visibility.INTERNAL),
    ]
    heard = {"members": [], "mentoring": ["gse.members"], "events": [], "notifications": ["gse.events", "gse.other"]}

    assert picture(streams, heard) == Picture(
        box=90,
        width=384,
        height=212,
        columns=[
            Column("members", x=3, middle=48, bottom=182),
            Column("mentoring", x=99, middle=144, bottom=182),
            Column("events", x=195, middle=240, bottom=130),
            Column("notifications", x=291, middle=336, bottom=130),
        ],
        lanes=[
            Lane(
                "gse.events",
                130,
                [
                    Tap("events", "gse.events", says=True, x=240),
                    Tap("notifications", "gse.events", says=False, x=336),
                ],
            ),
            Lane(
                "gse.members",
                182,
                [
                    Tap("members", "gse.members", says=True, x=48),
                    Tap("mentoring", "gse.members", says=False, x=144),
                ],
            ),
        ],
    )


async def test_an_operator_sees_every_service_and_every_stream_and_ways_to_each_without_javascript(
    client: AsyncClient, signed_in: SignedIn
) -> None:
    answer = await client.get("/operations", headers=signed_in("operator") | PAGE)

    assert answer.status_code == 200
    for service in ("members", "mentoring", "events", "notifications"):
        assert answer.text.count(f'<a href="/{service}/operations"') == 1  # in the drawing
        assert answer.text.count(f'<a class="govuk-link" href="/{service}/operations">{service}</a>') == 1
    lanes = re.findall(r'paint-order="stroke">(gse[a-z.]+)</text>', answer.text)
    assert lanes == ["gse.members", "gse.mentoring", "gse.events", "gse.notifications", "gse.members.contacts"]
    read = " ".join(re.sub("<[^>]+>", " ", answer.text).split())
    assert "gse. members Said by members Heard by mentoring Heard by events Heard by notifications" in read
    assert "gse. members. contacts Said by members Heard by notifications" in read
    assert "The figures on this page come by JavaScript. Each service’s own page has them without it." in read


async def test_the_script_of_the_picture_is_ours_and_served_here(client: AsyncClient, signed_in: SignedIn) -> None:
    page = (await client.get("/operations", headers=signed_in("operator") | PAGE)).text
    [address] = re.findall(r'<script type="module" nonce="[^"]+" src="(/assets/operations\.js\?v=[0-9a-f]{12})">', page)

    assert (await client.get(address)).headers["content-type"] == "text/javascript; charset=utf-8"


async def test_the_picture_is_for_operators_alone(client: AsyncClient, signed_in: SignedIn) -> None:
    for role in ("member", "team", "scheme-lead"):
        refused = await client.get("/operations", headers=signed_in(role) | PAGE)
        assert (refused.status_code, "You cannot open this page" in refused.text) == (403, True)


async def test_members_own_part_is_below_the_picture(client: AsyncClient, signed_in: SignedIn) -> None:
    page = await client.get("/members/operations", headers=signed_in("operator") | PAGE)

    assert "Operations of members" in page.text
    assert 'href="/operations" class="govuk-back-link"' in page.text
