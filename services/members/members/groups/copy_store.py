"""What groups hold of a person, for the copy that they take away."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller

Rows = Sequence[asyncpg.Record]


async def volunteering(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS "group", hours_per_month, skills, joined_at, changed_at, left_at
        FROM volunteering JOIN profession_group USING (group_id)
        WHERE member_id = $1 ORDER BY joined_at, volunteering_id
        """,
        caller.member_id,
    )


async def championing(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS theme, starts_on, ends_on, appointed_at, ended AS how_it_ended, ended_at
        FROM champion_term JOIN champion_theme USING (theme_id)
        WHERE member_id = $1 ORDER BY starts_on, term_id
        """,
        caller.member_id,
    )


async def appointed(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS theme, starts_on, ends_on, appointed_at
        FROM champion_term JOIN champion_theme USING (theme_id)
        WHERE appointed_by = $1 ORDER BY starts_on, term_id
        """,
        caller.account_id,
    )


async def established(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title, kind || ' group' AS what, established_at FROM profession_group WHERE established_by = $1
        UNION ALL SELECT title, 'theme of champions', established_at FROM champion_theme WHERE established_by = $1
        ORDER BY established_at, title
        """,
        caller.account_id,
    )


async def kept_going(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT its.title AS "group", deliverable.title AS what, met_at AS "when"
            FROM deliverable JOIN profession_group its USING (group_id) WHERE met_by = $1
        UNION ALL SELECT title, 'a later last day', extended_at
            FROM group_extension JOIN profession_group USING (group_id) WHERE extended_by = $1
        UNION ALL SELECT its.title, did.what || ' “' || meeting.title || '”', did.at
            FROM group_meeting meeting JOIN profession_group its USING (group_id)
            CROSS JOIN LATERAL (VALUES ('the meeting', scheduled_by, scheduled_at),
                ('the agenda of the meeting', agenda_by, agenda_at),
                ('the notes of the meeting', notes_by, notes_at),
                ('moving the meeting', changed_by, changed_at),
                ('cancelling the meeting', cancelled_by, cancelled_at)) did (what, by, at)
            WHERE did.by = $1
        ORDER BY "when", what
        """,
        caller.account_id,
    )


HOLDINGS: Final = (
    Holding("Groups that you are or were a volunteer of", ("volunteering",), volunteering),
    Holding("Themes that you are or were a champion of", ("champion_term",), championing),
    Holding("Champions whom you appointed", ("champion_term",), appointed),
    Holding("What you did for groups", ("deliverable", "group_extension", "group_meeting"), kept_going),
    Holding("Groups and themes that you set up", ("profession_group", "champion_theme"), established),
)
