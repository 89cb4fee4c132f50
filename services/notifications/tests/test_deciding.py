"""What becomes of a due notice, decided without a database; days of 23 and 25 hours too."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.deciding import (
    Choice,
    Due,
    Fate,
    Frequency,
    Gather,
    Hours,
    PutOff,
    Send,
    Suppress,
    TellInInbox,
    fate,
    next_digest,
    open_from,
)

NOW = datetime(2026, 2, 11, 14, 0, tzinfo=UTC)  # a Wednesday
DUE = Due(critical=False, wanted_at=NOW, useful_until=None, late=0)
AT_ANY_TIME = Hours()
WORKING = Hours("Europe/London", time(9), time(17), weekdays_only=True)
NOT_AT_NIGHT = Hours("Europe/London", time(7), time(20))
NEVER, NOWHERE = Choice(Frequency.NEVER), Choice(Frequency.NEVER, inbox=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("due", "choice", "hours", "expected"),
    [
        (DUE, Choice(), AT_ANY_TIME, Send()),
        (DUE, Choice(inbox=False), AT_ANY_TIME, Send(in_inbox=False)),
        (DUE, NEVER, AT_ANY_TIME, TellInInbox()),
        (DUE, NOWHERE, AT_ANY_TIME, Suppress("preference")),
        (DUE, Choice(Frequency.DAILY), AT_ANY_TIME, Gather(at("2026-02-12T08:00Z"))),
        (DUE, Choice(Frequency.DAILY, inbox=False), AT_ANY_TIME, Gather(at("2026-02-12T08:00Z"), in_inbox=False)),
        (DUE, Choice(Frequency.WEEKLY), AT_ANY_TIME, Gather(at("2026-02-16T08:00Z"))),
        (DUE, Choice(), replace(NOT_AT_NIGHT, opens=time(15)), PutOff(at("2026-02-11T15:00Z"))),
        (DUE, Choice(), WORKING, Send()),
        (replace(DUE, useful_until=NOW), Choice(), AT_ANY_TIME, Suppress("too-late")),
        (replace(DUE, useful_until=NOW + timedelta(seconds=1)), Choice(), AT_ANY_TIME, Send()),
        (replace(DUE, can_be_reached=False), Choice(), AT_ANY_TIME, TellInInbox()),
        (replace(DUE, can_be_reached=False), Choice(inbox=False), AT_ANY_TIME, Suppress("address-failed")),
    ],
)
def test_a_notice_goes_as_its_member_wants(due: Due, choice: Choice, hours: Hours, expected: Fate) -> None:
    assert fate(due, choice, hours, NOW) == expected


def test_a_critical_notice_is_sent_at_once_whatever_they_prefer() -> None:
    closed = Hours("Europe/London", time(1), time(2))

    assert fate(replace(DUE, critical=True), NOWHERE, closed, NOW) == Send(in_inbox=True)


def test_a_critical_notice_to_an_address_that_fails_stands_in_the_inbox() -> None:
    assert fate(replace(DUE, critical=True, can_be_reached=False), Choice(), AT_ANY_TIME, NOW) == TellInInbox()


def test_what_the_team_sends_again_is_sent_though_the_address_failed() -> None:
    assert fate(replace(DUE, by_hand=True, can_be_reached=False), NEVER, AT_ANY_TIME, NOW) == Send()


def test_a_digest_is_not_gathered_again_and_waits_for_their_hours() -> None:
    digest = replace(DUE, is_digest=True, late=5, wanted_at=NOW - timedelta(days=1))

    assert fate(digest, Choice(Frequency.WEEKLY), AT_ANY_TIME, NOW) == Send()
    assert fate(digest, NEVER, replace(NOT_AT_NIGHT, opens=time(15)), NOW) == PutOff(at("2026-02-11T15:00Z"))
    assert fate(replace(digest, can_be_reached=False), Choice(), AT_ANY_TIME, NOW) == Suppress("address-failed")


def test_three_that_are_an_hour_late_come_in_one_and_two_come_alone() -> None:
    late = replace(DUE, wanted_at=NOW - timedelta(hours=1), late=3)

    assert fate(late, Choice(), AT_ANY_TIME, NOW) == Gather(NOW)
    assert fate(replace(late, late=2), Choice(), AT_ANY_TIME, NOW) == Send()
    assert fate(replace(late, wanted_at=NOW - timedelta(minutes=59)), Choice(), AT_ANY_TIME, NOW) == Send()


@pytest.mark.parametrize(
    ("now", "hours", "opens"),
    [
        ("2026-02-11T08:59Z", WORKING, "2026-02-11T09:00Z"),
        ("2026-02-11T16:59Z", WORKING, "2026-02-11T16:59Z"),
        ("2026-02-11T17:00Z", WORKING, "2026-02-12T09:00Z"),
        ("2026-02-13T17:00Z", WORKING, "2026-02-16T09:00Z"),  # from Friday to Monday
        ("2026-03-27T17:00Z", WORKING, "2026-03-30T08:00Z"),  # the clocks go forward on the Sunday between
        ("2026-10-23T16:00Z", WORKING, "2026-10-26T09:00Z"),  # and back
        ("2026-02-14T12:00Z", Hours(weekdays_only=True), "2026-02-16T00:00Z"),
        ("2026-02-11T23:00Z", Hours("Australia/Canberra", time(9), time(17)), "2026-02-11T23:00Z"),
        ("2026-02-11T12:00Z", Hours("Australia/Canberra", time(9), time(17)), "2026-02-11T22:00Z"),
        # 01:30 does not exist on that night: what opens then opens with the hour that comes instead.
        ("2026-03-29T00:00Z", Hours("Europe/London", time(1, 30), time(17)), "2026-03-29T01:30Z"),
        # 01:30 exists twice: it opens the first time.
        ("2026-10-25T00:00Z", Hours("Europe/London", time(1, 30), time(17)), "2026-10-25T00:30Z"),
    ],
)
def test_mail_waits_until_their_hours_open(now: str, hours: Hours, opens: str) -> None:
    assert open_from(at(now), hours) == at(opens)


@pytest.mark.parametrize(
    ("now", "frequency", "zone", "morning"),
    [
        ("2026-02-11T07:59Z", "daily", "Europe/London", "2026-02-11T08:00Z"),
        ("2026-02-11T08:00Z", "daily", "Europe/London", "2026-02-12T08:00Z"),
        ("2026-03-28T08:00Z", "daily", "Europe/London", "2026-03-29T07:00Z"),  # 23 hours later
        ("2026-10-24T07:00Z", "daily", "Europe/London", "2026-10-25T08:00Z"),  # 25 hours later
        ("2026-02-16T07:59Z", "weekly", "Europe/London", "2026-02-16T08:00Z"),
        ("2026-02-16T08:00Z", "weekly", "Europe/London", "2026-02-23T08:00Z"),
        ("2026-10-19T07:00Z", "weekly", "Europe/London", "2026-10-26T08:00Z"),  # a week and an hour
        ("2026-02-11T20:59Z", "daily", "Australia/Canberra", "2026-02-11T21:00Z"),
    ],
)
def test_a_digest_comes_on_the_next_morning_of_their_own_clock(
    now: str, frequency: str, zone: str, morning: str
) -> None:
    assert next_digest(Frequency(frequency), at(now), Hours(zone)) == at(morning)


INSTANTS = some.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 (bounds)


@given(
    now=INSTANTS,
    zone=some.sampled_from(["Europe/London", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Atlantic/Azores"]),
    opens=some.integers(0, 12),
    length=some.integers(1, 11),
    weekdays_only=some.booleans(),
)
def test_whatever_the_zone_mail_comes_within_their_hours_and_no_later_than_they_open(
    now: datetime, zone: str, opens: int, length: int, *, weekdays_only: bool
) -> None:
    hours = Hours(zone, time(opens), time(opens + length), weekdays_only)

    found = open_from(now, hours)

    there = found.astimezone(hours.zone)
    assert now <= found <= now + timedelta(days=3)
    assert open_from(found, hours) == found
    assert there.weekday() < 5 or not weekdays_only
    # Where the hour that opens does not exist, the next one does it.
    assert time(opens) <= there.time() <= time(min(opens + length + 1, 23), 59)
