"""Who is told what of a hosted event, decided without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.events import EventPublished
from notifications.domain import Recipient, RecipientState
from notifications.hosted_event_notices import (
    HostedEvent,
    HostedEventState,
    invites,
    notice_of_place,
)

ADA = UUID("00000000-0000-4000-8000-00000000000a")
NOTICE = UUID("00000000-0000-4000-8000-0000000000f1")
EVENT = UUID("00000000-0000-4000-8000-0000000000e1")
TALK = UUID("00000000-0000-4000-8000-0000000000e2")
STARTS = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)
ENDS = datetime(2027, 2, 11, 15, 30, tzinfo=UTC)
REACHABLE = Recipient(ADA, RecipientState.KNOWN, "Ada King", "ada@example.org")
NO_ADDRESS_YET = Recipient(ADA, RecipientState.KNOWN)
LEFT = Recipient(ADA, RecipientState.LEFT)
EXPECTED = HostedEvent(TALK, HostedEventState.EXPECTED)
PUBLISHED = HostedEvent(TALK, HostedEventState.PUBLISHED, starts_at=STARTS)
HOSTED = HostedEvent(TALK, HostedEventState.HOSTED, starts_at=STARTS)
NEVER_ANNOUNCED = HostedEvent(TALK, HostedEventState.HOSTED)


@pytest.mark.parametrize(
    ("its", "recipient", "template", "state"),
    [
        (PUBLISHED, REACHABLE, "confirmation", "due"),
        (PUBLISHED, NO_ADDRESS_YET, "confirmation", "waiting"),
        (EXPECTED, REACHABLE, "confirmation", "waiting"),
        (HOSTED, REACHABLE, "thanks", "due"),
        (HOSTED, NO_ADDRESS_YET, "thanks", "waiting"),
    ],
)
def test_who_has_a_place_is_told_once_there_are_words_and_an_address(
    its: HostedEvent, recipient: Recipient, template: str, state: str
) -> None:
    notice = notice_of_place(its, recipient, notice_id=NOTICE, event_id=EVENT, now=ENDS)

    assert notice is not None
    assert (notice.template.name, notice.template.version, notice.template.category) == (template, 2, "events")
    assert (notice.state, notice.member_id, notice.event_id, notice.hosted_event_id) == (state, ADA, EVENT, TALK)


@pytest.mark.parametrize(
    ("its", "recipient"), [(EXPECTED, LEFT), (PUBLISHED, LEFT), (HOSTED, LEFT), (NEVER_ANNOUNCED, REACHABLE)]
)
def test_a_leaver_is_told_nothing_and_nobody_is_thanked_without_words(its: HostedEvent, recipient: Recipient) -> None:
    assert notice_of_place(its, recipient, notice_id=NOTICE, event_id=EVENT, now=ENDS) is None


def test_people_are_invited_until_the_event_ends() -> None:
    event = EventPublished(
        hosted_event_id=TALK,
        title="Women & girls in science",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=ENDS - timedelta(minutes=90),
        ends_at=ENDS,
    )

    assert invites(event, ENDS - timedelta(seconds=1))
    assert not invites(event, ENDS)
