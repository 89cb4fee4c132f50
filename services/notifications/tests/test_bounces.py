"""What is read of delivery status notifications."""

import pytest

from notifications import bounces
from notifications.bounces import Bounce, NoBounce
from notifications.testing import bounce_of

MESSAGE_ID = "<00000000-0000-4000-8000-0000000000c1@profession.test>"


def test_a_permanent_failure_names_the_message_the_code_and_the_address() -> None:
    assert bounces.read(bounce_of(MESSAGE_ID)) == Bounce(
        MESSAGE_ID, is_final=True, code="5.1.1", refused=frozenset({"ada@example.org"})
    )


def test_headers_may_come_by_themselves() -> None:
    assert bounces.read(bounce_of(MESSAGE_ID, whole=False)) == bounces.read(bounce_of(MESSAGE_ID))


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0")])
def test_what_is_not_final_says_nothing(action: str, status: str) -> None:
    assert not bounces.read(bounce_of(MESSAGE_ID, action=action, status=status)).is_final


def test_a_server_that_gave_up_after_some_days_refuses_no_address() -> None:
    bounce = bounces.read(bounce_of(MESSAGE_ID, status="4.4.7"))

    assert (bounce.is_final, bounce.code, bounce.refused) == (True, "4.4.7", frozenset())


@pytest.mark.parametrize(
    ("status", "refuses"),
    [
        ("5.0.0", True),
        ("5.1.1 (bad destination mailbox address)", True),
        ("5.1.10", True),
        ("5.2.1", True),
        ("5.4.4", True),
        ("5.2.3", False),  # the message is too long
        ("5.3.4", False),
        ("5.6.1", False),
        ("5.7.1", False),  # a policy
    ],
)
def test_only_what_lies_with_the_address_speaks_against_it(status: str, refuses: bool) -> None:  # noqa: FBT001
    assert bool(bounces.read(bounce_of(MESSAGE_ID, status=status)).refused) is refuses


def test_an_address_to_which_it_was_sent_on_does_not_hide_ours() -> None:
    bounce = bounces.read(bounce_of(MESSAGE_ID, final="somebody@elsewhere.example"))

    assert bounce.refused == {"somebody@elsewhere.example", "ada@example.org"}


def test_nothing_of_it_shows_an_address() -> None:
    bounce = bounces.read(bounce_of(MESSAGE_ID))

    assert "ada" not in repr(bounce)
    assert bounce.reason == "the mail server could not deliver it: code 5.1.1"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\x00 nothing",
        b"Subject: hello\r\n\r\nada@example.org\r\n",
        bounce_of(MESSAGE_ID).replace(b"multipart/report", b"multipart/mixed"),
        bounce_of(MESSAGE_ID).replace(b"message/delivery-status", b"text/plain"),
        bounce_of(MESSAGE_ID).replace(b"Message-ID", b"X-Other"),
        bounce_of(MESSAGE_ID).replace(b"Action", b"X-Action"),
        bounce_of(MESSAGE_ID).replace(b"Status: ", b"X-Status: "),
        bounce_of(MESSAGE_ID).replace(b"Status: 5.1.1", b"Status: ada"),
    ],
)
def test_what_is_none_is_refused_and_not_repeated(message: bytes) -> None:
    with pytest.raises(NoBounce) as refused:
        bounces.read(message)
    assert "ada" not in refused.value.errors[0].sentence


@pytest.mark.parametrize("cut", range(0, 1200, 41))
def test_one_that_was_cut_is_read_or_refused(cut: int) -> None:
    try:
        bounces.read(bounce_of(MESSAGE_ID)[:cut])
    except NoBounce:
        return
