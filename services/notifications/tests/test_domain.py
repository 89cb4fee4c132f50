"""What becomes of a notice, decided without a database or a mail server."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from notifications.domain import (
    LEFT_BEFORE_SENDING,
    Ending,
    NoticeState,
    NotStarted,
    Outcome,
    Recipient,
    RecipientState,
    Rejected,
    Sent,
    Unknown,
    ending,
    let_go,
    pause,
    welcome,
    with_contact,
)
from notifications.settings import Settings

ADA = UUID("00000000-0000-4000-8000-00000000000a")
NOTICE = UUID("00000000-0000-4000-8000-0000000000f1")
EVENT = UUID("00000000-0000-4000-8000-0000000000e1")
NOW = datetime(2026, 2, 11, 14, 0, tzinfo=UTC)
EXPECTED = Recipient(ADA, RecipientState.EXPECTED)
REACHABLE = Recipient(ADA, RecipientState.EXPECTED, "Ada King", "ada@example.org")
LEFT = Recipient(ADA, RecipientState.LEFT)


def test_a_welcome_waits_for_an_address() -> None:
    decided = welcome(EXPECTED, notice_id=NOTICE, event_id=EVENT, now=NOW)

    assert decided is not None
    recipient, notice = decided
    assert recipient == Recipient(ADA, RecipientState.KNOWN)
    assert (notice.state, notice.member_id, notice.event_id) == ("waiting", ADA, EVENT)
    assert (notice.template.name, notice.template.version, notice.template.category) == ("welcome", 3, "membership")


def test_a_welcome_is_due_at_once_when_the_address_came_first() -> None:
    decided = welcome(REACHABLE, notice_id=NOTICE, event_id=EVENT, now=NOW)

    assert decided is not None
    recipient, notice = decided
    assert recipient == Recipient(ADA, RecipientState.KNOWN, "Ada King", "ada@example.org")
    assert (notice.state, notice.created_at) == ("due", NOW)


def test_who_has_left_is_neither_welcomed_nor_given_an_address() -> None:
    assert welcome(LEFT, notice_id=NOTICE, event_id=EVENT, now=NOW) is None
    assert with_contact(LEFT, name="Ada King", email="ada@example.org") is None


def test_a_new_address_replaces_the_old_one() -> None:
    assert with_contact(REACHABLE, name="Ada Byron", email="byron@example.org") == Recipient(
        ADA, RecipientState.EXPECTED, "Ada Byron", "byron@example.org"
    )


def test_nothing_of_a_leaver_stays_but_the_id() -> None:
    assert let_go(REACHABLE) == Recipient(ADA, RecipientState.LEFT, None, None)


def test_a_recipient_does_not_show_name_or_address_when_printed() -> None:
    assert "Ada" not in repr(REACHABLE)
    assert "example" not in repr(REACHABLE)


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Sent(), Ending(NoticeState.SENT)),
        (Rejected("no such mailbox"), Ending(NoticeState.FAILED, "no such mailbox")),
        (Unknown("no answer"), Ending(NoticeState.UNKNOWN, "no answer")),
        (NotStarted("away"), Ending(NoticeState.DUE, "away", NOW + timedelta(seconds=2))),
    ],
)
def test_each_outcome_has_one_ending(outcome: Outcome, end: Ending) -> None:
    assert ending(outcome, attempts=1, now=NOW, jitter=0.0) == end


def test_what_was_not_handed_over_before_the_member_left_is_not_tried_again() -> None:
    end = ending(NotStarted("away"), attempts=1, now=NOW, jitter=0.0, over=LEFT_BEFORE_SENDING)

    assert (end.state, end.reason, end.due_at) == ("cancelled", "the member left before it was sent", None)


def test_what_was_handed_over_before_the_member_left_is_told_as_it_was() -> None:
    assert ending(Sent(), attempts=1, now=NOW, jitter=0.0, over=LEFT_BEFORE_SENDING).state == "sent"
    assert ending(Unknown("no answer"), attempts=1, now=NOW, jitter=0.0, over=LEFT_BEFORE_SENDING).state == "unknown"


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    seconds = [pause(attempts, 0.0).total_seconds() for attempts in (1, 2, 3, 9, 10, 10_000)]

    assert seconds == [2, 4, 8, 512, 900, 900]


def test_jitter_takes_up_to_half_a_pause_away() -> None:
    assert pause(3, 1.0) == timedelta(seconds=4)
    assert pause(3, 0.5) == timedelta(seconds=6)


@pytest.mark.parametrize("address", ["", "nobody", "gse@localhost", "a@b.test\nBcc: c@d.test", "gsé@profession.test"])
def test_a_sender_that_is_no_address_ends_the_start(address: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(NOTIFICATIONS_MAIL_FROM=address)

    assert ("NOTIFICATIONS_MAIL_FROM",) in [error["loc"] for error in refusal.value.errors()]
