"""What a form chooses, what is wrong with it, and the form that chooses the same again."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.notifications import NoticeCategory
from contracts.refusal import Invalid
from notifications import preferences
from notifications.deciding import UNCHOSEN, Choice, Frequency, Hours
from notifications.domain import EVERYTHING
from notifications.preferences import HOLDS, PLACES, Preferences, as_form, checked, time_zones, without_mail

MEMBERSHIP, MENTORING, EVENTS, OPPORTUNITIES, WORK = NoticeCategory
A_FORM: dict[str, Any] = as_form(Preferences(UNCHOSEN, Hours()))
TIMES = [time(hour, minute) for hour in range(24) for minute in (0, 30)]


def hours(*, opens: time, closes: time) -> Hours:
    return Hours("Asia/Tokyo", opens, time.max if closes == time.min else closes)


some_hours = some.one_of(
    some.sampled_from([Hours(), Hours("Europe/Paris"), Hours("UTC", time(9), time(17), weekdays_only=True)]),
    some.builds(hours, opens=some.sampled_from(TIMES[:24]), closes=some.sampled_from([*TIMES[25:], time.min])),
)
some_choices = some.fixed_dictionaries(
    dict.fromkeys(NoticeCategory, some.builds(Choice, some.sampled_from(Frequency), some.booleans()))
)


def mistakes(**answers: object) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        checked(A_FORM | answers)
    return {error.field: error.sentence for error in refused.value.errors}


@given(some.builds(Preferences, some_choices, some_hours))
def test_the_form_of_what_is_chosen_chooses_the_same(its: Preferences) -> None:
    assert checked(as_form(its)) == its


def test_quiet_hours_are_when_mail_may_not_come() -> None:
    its = checked(A_FORM | {"when": "quiet", "quiet_from": "20:00", "quiet_to": "07:00"})

    assert its.hours == Hours(opens=time(7), closes=time(20))


def test_working_hours_are_those_of_monday_to_friday() -> None:
    assert checked(A_FORM | {"when": "working"}).hours == Hours(opens=time(9), closes=time(17), weekdays_only=True)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert mistakes(events="hourly", membership="", when="", time_zone="Mars/Olympus") == {
        "membership": "Choose how often we write to you about your membership",
        "events": "Choose how often we write to you about events",
        "when": "Choose when email may come",
        "time_zone": "Choose where you work from the list",
    }


@pytest.mark.parametrize(("first", "last"), [("09:00", "17:00"), ("07:00", "07:00"), ("00:30", "07:00")])
def test_quiet_hours_of_the_day_are_refused(first: str, last: str) -> None:
    found = mistakes(when="quiet", quiet_from=first, quiet_to=last)

    assert list(found) == ["quiet_from"]
    assert "so that email may come in the day" in found["quiet_from"]


@pytest.mark.parametrize("wrong", ["", "25:00", "8pm", "20:00+01:00", "20"])
def test_what_is_no_time_is_refused(wrong: str) -> None:
    assert list(mistakes(when="quiet", quiet_from=wrong, quiet_to="07:00")) == ["quiet_from"]
    assert list(mistakes(when="quiet", quiet_from="20:00", quiet_to=wrong)) == ["quiet_to"]


def test_times_that_do_not_count_are_not_looked_at() -> None:
    assert checked(A_FORM | {"quiet_from": "09:00", "quiet_to": "17:00"}).hours == Hours()


def test_a_category_that_is_not_asked_about_is_not_chosen() -> None:
    form = {name: answer for name, answer in A_FORM.items() if name != "work"}

    assert checked(form, [MEMBERSHIP, EVENTS]).choices == {MEMBERSHIP: Choice(), EVENTS: Choice()}


def test_places_where_members_work_come_first_and_no_zone_is_an_old_name() -> None:
    zones = list(time_zones())

    assert zones[: len(PLACES)] == list(PLACES)
    assert zones[0] == "Europe/London"
    assert not {"GB", "EST", "Etc/GMT+5", "posix/Europe/London", "localtime"} & set(zones)
    assert all(ZoneInfo(its) for its in zones)
    assert time_zones()["America/Argentina/Buenos_Aires"] == "America, Argentina, Buenos Aires"


def test_who_has_not_chosen_hears_of_what_they_can_do_once_a_week() -> None:
    assert [its.email for its in UNCHOSEN.values()] == ["immediate", "immediate", "immediate", "weekly", "immediate"]


def test_every_category_says_what_it_holds() -> None:
    assert set(HOLDS) == set(NoticeCategory)


def test_what_is_exempt_stands_in_the_table() -> None:
    asked = [MEMBERSHIP, MENTORING, EVENTS]

    assert "You have a new role in the profession" in preferences.exempt(asked)
    assert "An erasure is late" not in preferences.exempt(asked)
    assert "An erasure is late" in preferences.exempt(list(NoticeCategory))


def choices(**emails: str) -> dict[NoticeCategory, Choice]:
    return {its: Choice(Frequency(emails.get(its, "immediate")), inbox=its is not MENTORING) for its in NoticeCategory}


def test_mail_of_one_kind_ends_and_the_inbox_stays() -> None:
    found = [without_mail(choices(), its) for its in (EVENTS, MENTORING)]

    assert found == [{EVENTS: Choice(Frequency.NEVER)}, {MENTORING: Choice(Frequency.NEVER, inbox=False)}]


@pytest.mark.parametrize(
    ("emails", "ended"),
    [
        ({"events": "daily", "mentoring": "weekly", "work": "never"}, {EVENTS, MENTORING}),
        ({"events": "never"}, set()),
        ({}, {MEMBERSHIP, MENTORING, EVENTS, OPPORTUNITIES, WORK}),
        ({"opportunities": "weekly"}, {OPPORTUNITIES}),
    ],
)
def test_everything_ends_what_is_gathered_and_the_same_again_ends_no_more(
    emails: dict[str, str], ended: set[NoticeCategory]
) -> None:
    before = choices(**emails)
    after = before | without_mail(before, EVERYTHING)

    assert {its for its in NoticeCategory if after[its] != before[its]} == ended
    assert after | without_mail(after, EVERYTHING) == after


def test_no_category_is_none() -> None:
    with pytest.raises(ValueError, match="gossip"):
        without_mail(choices(), "gossip")
