"""What is refused at the start, with a sentence."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from notifications.notify_double import KEY, RECEIPT_TOKEN, TEMPLATE
from notifications.settings import Settings

NOTIFY = {
    "NOTIFICATIONS_NOTIFY_KEY": KEY,
    "NOTIFICATIONS_NOTIFY_TEMPLATE": str(TEMPLATE),
    "NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN": RECEIPT_TOKEN,
}


def settings(**more: Any) -> Settings:
    return Settings(
        database_url=SecretStr("postgresql://unused"),
        kafka_bootstrap="unused",
        http_port=0,
        token_keys=Path("unused"),
        address_key=SecretStr("k" * 32),
        NOTIFICATIONS_SMTP_HOST="127.0.0.1",
        NOTIFICATIONS_SMTP_PORT=25,
        NOTIFICATIONS_MAIL_FROM="gse@profession.test",
        **more,
    )


def test_mail_alone_is_what_stands_without_a_word() -> None:
    assert (settings().channels, settings().has_notify, settings().smtp_per_second) == ("smtp", False, 0)


def test_words_are_kept_for_a_week_and_notices_for_a_year_unless_it_is_said() -> None:
    assert (settings().body_days, settings().notice_days) == (7, 365)
    its = settings(NOTIFICATIONS_BODY_DAYS="3", NOTIFICATIONS_NOTICE_DAYS="30")
    assert (its.body_days, its.notice_days) == (3, 30)


@pytest.mark.parametrize("name", ["NOTIFICATIONS_BODY_DAYS", "NOTIFICATIONS_NOTICE_DAYS"])
@pytest.mark.parametrize("days", ["0", "-1", "a week"])
def test_nothing_is_kept_for_less_than_a_day(name: str, days: str) -> None:
    with pytest.raises(ValidationError, match=name):
        settings(**{name: days})


@pytest.mark.parametrize("channels", ["smtp", "notify", "notify,smtp"])
def test_notify_is_whole(channels: str) -> None:
    its = settings(NOTIFICATIONS_CHANNELS=channels, **NOTIFY)

    assert (its.channels, its.has_notify) == (channels, True)
    assert "3d844edf" not in repr(its)


@pytest.mark.parametrize("missing", NOTIFY)
@pytest.mark.parametrize("channels", ["smtp", "notify", "notify,smtp"])
def test_half_of_notify_is_refused(channels: str, missing: str) -> None:
    with pytest.raises(ValidationError, match=f"needs {missing} as well"):
        settings(NOTIFICATIONS_CHANNELS=channels, **{name: its for name, its in NOTIFY.items() if name != missing})


def test_notify_without_any_of_its_settings_is_refused() -> None:
    with pytest.raises(ValidationError, match="NOTIFY_KEY and NOTIFICATIONS_NOTIFY_TEMPLATE and"):
        settings(NOTIFICATIONS_CHANNELS="notify")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("NOTIFICATIONS_NOTIFY_KEY", "just-a-secret-word", "is no key of Notify"),
        ("NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN", "short", "needs 16 characters"),
        ("NOTIFICATIONS_NOTIFY_URL", "http://api.example.org", "needs to begin with https"),
        ("NOTIFICATIONS_NOTIFY_URL", "api.example.org", "needs to begin with https"),
        ("NOTIFICATIONS_CHANNELS", "pigeon", "smtp"),
        ("NOTIFICATIONS_SMTP_PER_SECOND", "-1", "greater than or equal"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        settings(**{**NOTIFY, name: value})
