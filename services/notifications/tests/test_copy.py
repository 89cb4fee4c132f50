"""The part of a member's copy that notifications gives."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import left_out
from notifications import copy_store

ADA: Final = "a0a0a0a0-0000-4000-8000-000000000001"
BEA: Final = "b0b0b0b0-0000-4000-8000-000000000002"
ONE: Final = "10000000-0000-4000-8000-000000000001"
TWO: Final = "10000000-0000-4000-8000-000000000002"
AT: Final = "2026-02-11T14:00:00Z"
PLANTED: Final = f"""
    INSERT INTO recipient (member_id, state, name, email) VALUES
        ('{ADA}', 'known', 'Ada Moss', 'ada.moss@ukhsa.example'), ('{BEA}', 'known', 'Bea Roe', 'bea@defra.example');
    INSERT INTO preference VALUES ('{ADA}', 'events', 'daily', true);
    INSERT INTO delivery_hours VALUES ('{ADA}', 'Europe/London', '09:00', '17:30', true);
    INSERT INTO role_holder VALUES ('{ADA}', 'volunteer', '');
    INSERT INTO hosted_event (hosted_event_id, state, title, summary, place, link, starts_at, ends_at)
        VALUES ('{ONE}', 'published', 'Science', 'Talks.', 'Online', 'https://gse.example', '{AT}', '{AT}');
    INSERT INTO attendance VALUES ('{ONE}', '{ONE}', '{ADA}');
    INSERT INTO volunteer_group VALUES ('{TWO}');
    INSERT INTO volunteering VALUES ('{ONE}', '{TWO}', '{ADA}');
    INSERT INTO was_in_group VALUES ('{TWO}', '{TWO}', '{ADA}', '{AT}');
    INSERT INTO given VALUES ('champion', '{ONE}', '{ADA}', '{TWO}', '2027-03-31');
    INSERT INTO pair VALUES ('{ONE}', '{ADA}', '{BEA}', '{AT}');
    INSERT INTO occasion VALUES ('{ONE}', 'MemberGradeChanged', '{ADA}', '{{"grade": "SEO"}}', '{AT}');
    INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at, due_at,
        wanted_at, sent_at, channel, about_member_id) VALUES
        ('{ONE}', '{ADA}', '{ONE}', 'membership', 'grade_changed', 1, 'sent', '{AT}', '{AT}', '{AT}', '{AT}', 'email',
            NULL),
        ('{TWO}', '{BEA}', '{TWO}', 'mentoring', 'introduction', 1, 'sent', '{AT}', '{AT}', '{AT}', '{AT}', 'email',
            '{ADA}');
    INSERT INTO notice_body VALUES ('{ONE}', 'Dear Ada Moss', '{AT}'), ('{TWO}', 'Dear Bea Roe', '{AT}');
"""  # noqa: S608 (ids of ours)


async def test_every_table_about_people_is_in_the_copy_or_has_a_reason(notifications: Database) -> None:
    assert await left_out(notifications, copy_store.HOLDINGS, copy_store.NOT_COPIED) == []
    assert await left_out(notifications, copy_store.HOLDINGS[2:], copy_store.NOT_COPIED) == ["preference", "recipient"]


async def test_a_member_has_what_notifications_holds_of_them_and_nothing_of_others(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    database = running.state.running.database
    now, database.clock = database.clock, lambda: datetime.fromisoformat(AT)  # nothing planted is purged meanwhile
    async with database.transaction() as tx:
        await tx.execute(PLANTED)

    answer = await client.get("/api/notifications/v1/my/copy", headers=signed_in("member", member_id=ADA))
    database.clock = now

    assert {held["title"]: held["rows"] for held in answer.json()["holdings"]} == {
        "Where we write to you": [
            {
                "member_number": ADA,
                "name": "Ada Moss",
                "email_address": "ada.moss@ukhsa.example",
                "why_mail_does_not_arrive": None,
                "grade": None,
                "restricted": False,
            }
        ],
        "What you chose to hear": [{"category": "events", "email": "daily", "inbox": True}],
        "When mail may come to you": [
            {"time_zone": "Europe/London", "mail_from": "09:00:00", "mail_until": "17:30:00", "weekdays_only": True}
        ],
        "Roles for which we write to you": [{"role": "volunteer", "organisation": None}],
        "Your places at events": [{"event": "Science", "starts_at": AT}],
        "Your pairs, without the other member": [{"paired_since": AT}],
        "Groups of which we send you news": [{"number_of_the_group": str(TWO)}],
        "Groups that ended while you were in them": [{"number_of_the_group": str(TWO), "ended_at": AT}],
        "What you were given: a champion's term, a seat, a place": [
            {"what": "champion", "number_of_what_it_is": TWO, "last_day": "2027-03-31"}
        ],
        "Messages to you": [
            {
                "category": "membership",
                "message": "grade_changed",
                "state": "sent",
                "reason": None,
                "channel": "email",
                "written_at": AT,
                "sent_at": AT,
                "delivered_at": None,
                "read_at": None,
                "words": "Dear Ada Moss",
            }
        ],
        "Messages to others that tell of you": [{"message": "introduction", "written_at": AT}],
        "What happened with you that messages tell of": [
            {"what_happened": "MemberGradeChanged", "facts": '{"grade": "SEO"}', "heard_at": AT}
        ],
        "Messages of others that you sent again": [],
    }
    assert "Bea" not in answer.text
