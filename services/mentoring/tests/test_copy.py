"""The part of a member's copy that mentoring gives."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import left_out
from mentoring import copy_store

ADA: Final = "a0a0a0a0-0000-4000-8000-000000000001"
BEA: Final = "b0b0b0b0-0000-4000-8000-000000000002"
ONE: Final = "10000000-0000-4000-8000-000000000001"
AT: Final = "2026-02-11T14:00:00Z"
PLANTED: Final = f"""
    INSERT INTO profile (member_id, organisation, grade, opened_at)
        VALUES ('{ADA}', 'UKHSA', 'HEO', '{AT}'), ('{BEA}', 'DEFRA', 'SEO', '{AT}');
    INSERT INTO scheme VALUES ('{ONE}', 'GSE Connect', 'Peers.', 'https://gse.example', true, '2026-02-11', '{AT}');
    INSERT INTO enrolment VALUES
        ('{ONE}', '{ONE}', '{ADA}', '{{Lead a team}}', '{{maps}}', '{{statistics}}', '{AT}'),
        ('{BEA}', '{ONE}', '{BEA}', '{{Speak}}', '{{law}}', '{{}}', '{AT}');
    INSERT INTO match_run VALUES ('{ONE}', '{ONE}', '{AT}', '{AT}');
    INSERT INTO entrant VALUES ('{ONE}', '{ADA}'), ('{ONE}', '{BEA}');
    INSERT INTO pair VALUES ('{ONE}', '{ONE}', '{ADA}', '{BEA}', 7, '{{Both know maps}}', '{AT}', NULL);
"""  # noqa: S608 (ids of ours)


async def test_every_table_about_people_is_in_the_copy_or_has_a_reason(mentoring: Database) -> None:
    assert await left_out(mentoring, copy_store.HOLDINGS, copy_store.NOT_COPIED) == []
    assert await left_out(mentoring, copy_store.HOLDINGS[1:], {}) == ["erased_member", "profile"]


async def test_a_member_has_what_mentoring_holds_of_them_and_nothing_of_the_other(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    async with running.state.running.database.transaction() as tx:
        await tx.execute(PLANTED)

    answer = await client.get("/api/mentoring/v1/my/copy", headers=signed_in("member", member_id=ADA))

    assert answer.headers["cache-control"] == "no-store"
    its = answer.json()
    assert its["service"] == "mentoring"
    assert {held["title"]: held["rows"] for held in its["holdings"]} == {
        "Your mentoring profile": [
            {
                "member_number": ADA,
                "organisation": "UKHSA",
                "grade": "HEO",
                "opened_at": AT,
                "closed_at": None,
                "restricted": False,
            }
        ],
        "Your enrolments": [
            {
                "scheme": "GSE Connect",
                "goals": ["Lead a team"],
                "offers": ["maps"],
                "seeks": ["statistics"],
                "enrolled_at": AT,
            }
        ],
        "When you were considered for a pair": [{"scheme": "GSE Connect", "considered_at": AT}],
        "Your pairs, without the other member": [
            {
                "scheme": "GSE Connect",
                "proposed_at": AT,
                "paired_at": AT,
                "ended_at": None,
                "score": 7,
                "reasons": ["Both know maps"],
            }
        ],
    }
    assert BEA not in answer.text


async def test_the_copy_is_for_whoever_signs_in(client: AsyncClient) -> None:
    assert (await client.get("/api/mentoring/v1/my/copy")).status_code == 401
