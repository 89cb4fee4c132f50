"""What a member reads of a notice in their inbox: its words while they are kept, and how it reaches them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from chassis.web import day, moment
from contracts.notifications import Channel
from notifications.deciding import ADDRESS_FAILED, Hours
from notifications.domain import NoticeState
from notifications.hosted_event_notices import Announcement
from notifications.letters import text_of
from notifications.sending import IN_THE_INBOX_ALONE, about_of
from notifications.told import TEMPLATES

CANNOT_BE_REACHED: Final = IN_THE_INBOX_ALONE[ADDRESS_FAILED]


def words_of(
    row: asyncpg.Record,
    announced: Mapping[UUID, Announcement],
    name: str | None,
    *,
    front_door: str,
    days: int,
    now: datetime,
) -> str | None:
    """The words of a notice: as they went out; of what has not gone out, as they would; None once they are deleted."""
    if row["text"] is not None:
        text: str = row["text"]
        return text
    went_out = row["state"] in (NoticeState.SENT, NoticeState.UNKNOWN)
    if went_out and (row["sent_at"] or row["due_at"]) <= now - timedelta(days=days):
        return None
    template = TEMPLATES[row["template"], row["template_version"]]
    return text_of(template, name=name, about=about_of(row, announced), front_door=front_door)


def whereabouts(row: asyncpg.Record, hours: Hours, *, has_address: bool, now: datetime) -> str:  # noqa: PLR0911 (one each)
    """How a notice reaches its member, or why it does not, in a sentence or two."""
    when = moment(row["sent_at"] or row["created_at"])
    match NoticeState(row["state"]):
        case NoticeState.SENT if row["channel"] != Channel.INBOX:
            return f"We sent you this by email on {when}."
        case NoticeState.SENT if row["reason"] == CANNOT_BE_REACHED:
            return f"You have this here alone, since {when}: we cannot reach your address. Check it in your profile."
        case NoticeState.SENT:
            return f"You have this here alone, since {when}: you chose not to get email of this kind."
        case NoticeState.GATHERED if row["due_at"] > now:
            return f"This goes out in your next digest, on {day(row['due_at'].astimezone(hours.zone).date())}."
        case NoticeState.GATHERED:
            return "This goes out in your next digest, which is on its way."
        case NoticeState.FAILED:
            return (
                "We tried to send you this by email and your mail system refused it. Check the address in your profile."
            )
        case NoticeState.UNKNOWN:
            doubt = "and do not know whether it arrived. We do not send it again."
            return f"We tried to send you this by email on {when} {doubt}"
    if has_address:
        return "We are sending you this by email."
    return "We send you this by email as soon as we have your address."
