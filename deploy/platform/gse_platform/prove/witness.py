"""Installs the witness of a database, and reads what it wrote down; `ledger.sql` is the witness."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from gse_platform.clock import HERE
from gse_platform.prove.facts import Change, Heard, Parked, Row, Said

Finder = Callable[[str], bool]
"""Whether the text of a row holds what is looked for."""

LEDGER = Path(__file__).with_name("ledger.sql")
# The rows that events and commands lead to; name and address of a recipient are in the rows, not in the ledger.
WATCHED = {
    "members": ("member", "interest", "feedback_taken", "feedback_spent", "feedback_sealed"),
    "mentoring": ("profile", "enrolment", "match_run", "pair"),
    "events": ("invitee", "registration"),
    "notifications": ("notice",),
}
READ = {
    "members": (
        "member",
        "account",
        "member_role",
        "erased_member",
        "commitment",
        "volunteering",
        "profession_group",
        "group_meeting",
        "opportunity",
        "interest",
        "shadow_board_term",
        "feedback_round",
        "feedback_taken",
        "feedback_spent",
        "feedback_sealed",
        "feedback_figure",
        "feedback_comment",
        "restriction",
        "champion_term",
        "statistics_release",
    ),
    "mentoring": ("profile", "enrolment", "entrant", "pair", "erased_member"),
    "events": ("invitee", "hosted_event", "registration", "erased_member"),
    "notifications": (
        "recipient",
        "notice",
        "occasion",
        "preference",
        "delivery_hours",
        "role_holder",
        "hosted_event",
        "attendance",
        "pair",
        "mentoring_scheme",
        "key_date",
        "erased_member",
    ),
}

# What timers of members have to do, whatever the time is.
MEMBERS_OWE = {
    "erasures": "SELECT count(*) FROM public.erasure WHERE completed_at IS NULL",
    "places to give": """
        SELECT count(*) FROM public.opportunity its
        WHERE seed IS NOT NULL AND selected_at IS NOT NULL AND held_at IS NULL
            AND capacity > (SELECT count(*) FROM public.interest
                WHERE opportunity_id = its.opportunity_id AND state = 'chosen')
            AND EXISTS (SELECT FROM public.interest
                WHERE opportunity_id = its.opportunity_id AND state = 'not-chosen')""",
}
# The same by a business day in London.
MEMBERS_OWE_BY = {
    "rounds to close": "SELECT count(*) FROM public.feedback_round WHERE closed_at IS NULL AND closes_on < $1",
    "organisations to merge": """
        SELECT count(*) FROM public.organisation its WHERE closed_on <= $1
            AND (NOT said OR EXISTS (SELECT FROM public.member WHERE organisation = its.code AND left_on IS NULL))""",
    "seats to free": "SELECT count(*) FROM public.shadow_board_seat WHERE taken_until < $1",
    "champions' terms to end": "SELECT count(*) FROM public.champion_term WHERE ended IS NULL AND ends_on < $1",
    "task groups to end": """
        SELECT count(*) FROM public.profession_group its WHERE disbanded_at IS NULL AND ends_on < $1
            AND (flagged_at IS NULL OR NOT EXISTS
                (SELECT FROM public.deliverable WHERE group_id = its.group_id AND met_at IS NULL))""",
    "promises to call overdue": """
        SELECT count(*) FROM public.commitment
        WHERE due_on < $1 AND completed_on IS NULL AND dropped_at IS NULL AND overdue_at IS NULL""",
}


async def install(url: str, service: str) -> None:
    """Before the service starts, by the superuser."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(LEDGER.read_text())
        for table in WATCHED[service]:
            await connection.execute(
                f"CREATE TRIGGER witness_change AFTER INSERT OR UPDATE OR DELETE ON public.{table} "
                "FOR EACH ROW EXECUTE FUNCTION witness.note_change()"
            )
    finally:
        await connection.close()


@dataclass
class Testimony:
    """What one database says at the end of a run."""

    said: list[Said] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    offsets: dict[tuple[str, str, int], int] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)


async def testimony(url: str, service: str) -> Testimony:
    its = Testimony()
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch("SELECT place, row, at FROM witness.said ORDER BY place"):
            its.said.append(_said(service, row["place"], row["at"], json.loads(row["row"])))
        for row in await connection.fetch("SELECT * FROM witness.heard ORDER BY place"):
            began = row["began"].timestamp()
            its.heard.append(Heard(row["consumer"], row["place"], row["subject"], row["before"], row["after"], began))
        for row in await connection.fetch("SELECT * FROM witness.change ORDER BY place"):
            what, at = f"{service}.{row['what']}", row["at"].timestamp()
            its.changes.append(Change(what, row["place"], row["op"], json.loads(row["row"]), at))
        for row in await connection.fetch("SELECT * FROM public.parked ORDER BY id"):
            its.parked.append(
                Parked(
                    row["consumer"], row["topic"], row["partition"], row["record_offset"], row["kind"], row["reason"]
                )
            )
        for row in await connection.fetch("SELECT * FROM public.consumer_offset"):
            its.offsets[row["consumer"], row["topic"], row["partition"]] = row["next_offset"]
        for table in READ[service]:
            rows = await connection.fetch(f"SELECT to_jsonb(its) AS row FROM public.{table} its")  # noqa: S608 (our own names)
            its.rows[f"{service}.{table}"] = [json.loads(row["row"]) for row in rows]
    finally:
        await connection.close()
    return its


async def unsettled(url: str, service: str, by: datetime) -> dict[str, int]:
    """What is under way in a database, or due by this business time; all zero when it is level with itself."""
    connection = await asyncpg.connect(url)
    try:
        found = {"to send": await connection.fetchval("SELECT count(*) FROM public.outbox")}
        if service == "members":
            found |= {what: await connection.fetchval(sql) for what, sql in MEMBERS_OWE.items()}
            for what, sql in MEMBERS_OWE_BY.items():
                found[what] = await connection.fetchval(sql, by.astimezone(HERE).date())
            found["opportunities to close"] = await connection.fetchval(
                "SELECT count(*) FROM public.opportunity WHERE closed_at IS NULL AND closes_at <= $1", by
            )
        if service == "notifications":
            found["notices"] = await connection.fetchval(
                "SELECT count(*) FROM public.notice WHERE state IN ('waiting', 'sending')"
                " OR (state IN ('due', 'gathered') AND due_at <= $1)",
                by,
            )
        return found
    finally:
        await connection.close()


async def traces(url: str, service: str, finders: Mapping[str, Finder]) -> dict[str, dict[str, int]]:
    """Of each finder in which tables of a service it finds something, and in how many rows; the witness's left out."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        )
        counts: dict[str, dict[str, int]] = {name: {} for name in finders}
        for table in (row["relname"] for row in tables):
            found = await connection.fetch(f"SELECT to_jsonb(its)::text AS row FROM public.{table} its")  # noqa: S608 (our own names)
            rows = [row["row"] for row in found]
            for name, finds in finders.items():
                counts[name][f"{service}.{table}"] = sum(map(finds, rows))
        return counts
    finally:
        await connection.close()


async def heard_so_far(url: str) -> dict[tuple[str, str, int], int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT * FROM public.consumer_offset")
        return {(row["consumer"], row["topic"], row["partition"]): row["next_offset"] for row in rows}
    finally:
        await connection.close()


def _said(service: str, place: int, at: datetime, row: dict[str, Any]) -> Said:
    return Said(
        service=service,
        place=place,
        event_id=row["event_id"],
        stream=row["stream"],
        type=row["type"],
        subject=row["subject"],
        sequence=row["sequence"],
        body=row["body"],
        public_id=row["public_id"],
        public_sequence=row["public_sequence"],
        public_body=row["public_body"],
        at=at.timestamp(),
    )
