"""What is unknown is found out by asking GOV.UK Notify, and goes out once whatever it says."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import what_was_said
from contracts.notifications import Channel
from notifications import unknowns
from notifications.channels import Channels
from notifications.domain import NotStarted, Outcome, Rejected, Sent
from notifications.notify import Notify
from notifications.notify_double import KEY, TEMPLATE, NotifyDouble, answers, cuts, goes_on
from notifications.testing import channels_to, is_standing, joins, leaves, rows, said_events, sending
from notifications.unknowns import Patience, is_believed
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
NO = NotStarted("Notify does not have the message")
UNKNOWN = ("unknown", "no answer from Notify: RemoteProtocolError")
SENT = ("sent", None)


@pytest.fixture
async def way(notify: NotifyDouble) -> AsyncIterator[Notify]:
    its = Notify(KEY, TEMPLATE, notify.url)
    yield its
    await its.close()


@pytest.fixture
def ways(way: Notify) -> Channels:
    return channels_to(way, Channel.NOTIFY)


async def loses(store: Database, notify: NotifyDouble, ways: Channels, moment: str) -> None:
    """Ada's welcome is handed over, and no answer comes: Notify has it when it was cut `after` it was taken."""
    setattr(notify, moment, cuts)
    await joins(store, ADA, "Ada King", "ada@example.org")
    async with sending(store, ways):
        await eventually(is_standing(store, UNKNOWN))
    setattr(notify, moment, goes_on)


async def find_out(store: Database, notify: NotifyDouble, patience: Patience | None = None) -> int:
    way = Notify(KEY, TEMPLATE, notify.url)
    try:
        return await unknowns.asking(way.ask, patience or Patience.none())(store)
    finally:
        await way.close()


@pytest.mark.parametrize(
    ("answer", "minutes", "believed"),
    [
        (Sent(), 0, True),
        (Rejected("no"), 0, True),
        (NO, 1, False),
        (NO, 14.9, False),
        (NO, 15, True),
    ],
)
def test_a_no_is_believed_when_nothing_can_be_under_way_any_more(
    answer: Outcome,
    minutes: float,
    believed: bool,  # noqa: FBT001
) -> None:
    assert is_believed(answer, timedelta(minutes=minutes), Patience()) is believed


async def test_what_notify_has_is_sent_and_told(notifications: Database, notify: NotifyDouble, ways: Channels) -> None:
    await loses(notifications, notify, ways, "after")
    assert await find_out(notifications, notify) == 1

    [taken] = notify.taken
    assert await rows(notifications, "SELECT state, provider_id FROM notice") == [("sent", taken.provider_id)]
    assert [kind.split(".")[-2] for kind, _ in await said_events(notifications)] == ["NotificationSent"]
    assert await find_out(notifications, notify) == 0


async def test_what_failed_meanwhile_is_failed(notifications: Database, notify: NotifyDouble, ways: Channels) -> None:
    await loses(notifications, notify, ways, "after")
    notify.taken[0].status = "technical-failure"
    await find_out(notifications, notify)

    assert await is_standing(notifications, ("failed", "Notify could not send the message"))()
    assert [kind.split(".")[-2] for kind, _ in await said_events(notifications)] == ["NotificationFailed"]


async def test_what_notify_does_not_have_goes_out_once_no_earlier_than_it_may(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "before")
    assert await find_out(notifications, notify, Patience(asked_after=timedelta())) == 0
    assert (notify.asked, await is_standing(notifications, UNKNOWN)()) == (1, True)

    assert await find_out(notifications, notify) == 1
    async with sending(notifications, Channels({Channel.NOTIFY: Notify(KEY, TEMPLATE, notify.url)})):
        await eventually(is_standing(notifications, SENT))
    assert len(notify.taken) == 1


async def test_nothing_is_asked_about_while_its_request_may_be_under_way(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "after")

    assert await find_out(notifications, notify, Patience()) == 0
    assert notify.asked == 0


@pytest.mark.parametrize(
    "change", ["begun_at = clock_timestamp() - interval '49 hours'", "channel = 'email'", "state = 'failed'"]
)
async def test_nothing_is_asked_about_that_notify_may_have_forgotten_or_never_had(
    notifications: Database, notify: NotifyDouble, ways: Channels, change: str
) -> None:
    await loses(notifications, notify, ways, "before")
    await rows(notifications, f"UPDATE notice SET {change} RETURNING 1")  # noqa: S608 (parts of ours)

    assert await find_out(notifications, notify) == 0
    assert notify.asked == 0


async def test_without_an_answer_nothing_changes_and_nothing_more_is_asked(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "after")
    await rows(notifications, "UPDATE notice SET begun_at = begun_at - interval '1 minute' RETURNING 1")
    notify.after = cuts
    await joins(notifications, BEN, "Ben", "ben@example.org")
    async with sending(notifications, Channels({Channel.NOTIFY: Notify(KEY, TEMPLATE, notify.url)})):
        await eventually(is_standing(notifications, UNKNOWN, UNKNOWN))
    notify.at_asking = answers(503)

    assert await find_out(notifications, notify) == 0
    assert notify.asked == 1
    assert await is_standing(notifications, UNKNOWN, UNKNOWN)()


async def test_who_left_meanwhile_is_not_written_to_again(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "before")
    await leaves(notifications, ADA)
    await find_out(notifications, notify)

    assert await is_standing(notifications, ("cancelled", "the member left before it was sent"))()


async def test_an_answer_after_something_quicker_changes_nothing(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "after")
    async with notifications.transaction() as tx:
        [its] = await unknowns.lost(tx, Patience.none())
    await find_out(notifications, notify)
    async with notifications.transaction() as tx:
        assert not await unknowns.settle(tx, its, NO)

    assert await is_standing(notifications, SENT)()


async def test_what_a_digest_held_shares_its_fate(
    notifications: Database, notify: NotifyDouble, ways: Channels
) -> None:
    await loses(notifications, notify, ways, "after")
    [(digest,)] = await rows(notifications, "SELECT notice_id FROM notice")
    await rows(
        notifications,
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
            due_at, wanted_at, channel, digest_id, begun_at)
        SELECT gen_random_uuid(), member_id, gen_random_uuid(), category, template, template_version, state,
            created_at, due_at, wanted_at, channel, notice_id, begun_at
        FROM notice, generate_series(1, 2) RETURNING 1""",
    )
    await rows(notifications, "UPDATE notice SET template = 'digest' WHERE notice_id = $1 RETURNING 1", digest)
    assert await find_out(notifications, notify) == 1

    assert notify.asked == 1
    assert await rows(notifications, "SELECT DISTINCT state FROM notice") == [("sent",)]
    assert await what_was_said(notifications, digest) == []
    assert len(await said_events(notifications)) == 2
