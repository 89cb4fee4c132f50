"""The part of a member's copy that events gives: for a program, as a page, and as a file."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import in_browser, left_out
from events import copy_store

ADA: Final = "a0a0a0a0-0000-4000-8000-000000000001"
BEA: Final = "b0b0b0b0-0000-4000-8000-000000000002"
ONE: Final = "10000000-0000-4000-8000-000000000001"
AT: Final = "2026-02-11T14:00:00Z"
PLANTED: Final = f"""
    INSERT INTO invitee (member_id, organisation, grade_band, since)
        VALUES ('{ADA}', 'UKHSA', 'HEO-SEO', '2026-01-05'), ('{BEA}', 'DEFRA', 'G7-G6', '2026-01-06')
        ON CONFLICT DO NOTHING;
    INSERT INTO hosted_event (hosted_event_id, title, summary, link, place, starts_at, ends_at, capacity, proposed_by)
        VALUES ('{ONE}', 'Women in <science>', 'Talks.', 'https://gse.example', 'Online', '{AT}', '{AT}', 10, '{BEA}')
        ON CONFLICT DO NOTHING;
    INSERT INTO registration VALUES ('{ADA}', '{ONE}', '{ADA}', '{AT}'), ('{BEA}', '{ONE}', '{BEA}', '{AT}')
        ON CONFLICT DO NOTHING;
"""  # noqa: S608 (ids of ours)


async def planted(running: FastAPI) -> None:
    async with running.state.running.database.transaction() as tx:
        await tx.execute(PLANTED)


async def test_every_table_about_people_is_in_the_copy_or_has_a_reason(events: Database) -> None:
    assert await left_out(events, copy_store.HOLDINGS, copy_store.NOT_COPIED) == []
    assert await left_out(events, copy_store.HOLDINGS[1:], {"guest": "."}) == [
        "erased_member",
        "invitee",
        "guest, which is not there",
    ]


async def test_a_member_has_what_events_holds_of_them_and_nothing_of_others(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    await planted(running)

    answer = await client.get("/api/events/v1/my/copy", headers=signed_in("member", member_id=ADA))

    assert {held["title"]: held["rows"] for held in answer.json()["holdings"]} == {
        "You as somebody who may be invited": [
            {
                "member_number": ADA,
                "organisation": "UKHSA",
                "grade_band": "HEO-SEO",
                "member_since": "2026-01-05",
                "left_at": None,
            }
        ],
        "Your places at events": [{"event": "Women in <science>", "starts_at": AT, "registered_at": AT}],
        "Events that you proposed": [],
    }
    assert BEA not in answer.text


async def test_a_browser_reads_its_part_and_downloads_it(client: AsyncClient, running: FastAPI) -> None:
    await planted(running)
    ada = in_browser("member", member_id=ADA)

    page = await client.get("/events/my/copy", headers=ada)
    file = await client.get("/events/my/copy.json", headers=ada)

    assert "Women in &lt;science&gt;" in page.text
    assert "11 February 2026, 2pm" in page.text
    assert "<science>" not in page.text  # nor in the data beside it
    assert page.headers["cache-control"] == "no-store"
    assert file.headers["content-disposition"].startswith('attachment; filename="gse-events-')
    assert file.json()["holdings"][1]["rows"] == [{"event": "Women in <science>", "starts_at": AT, "registered_at": AT}]
    assert (await client.get("/events/my/copy.json")).status_code == 401
