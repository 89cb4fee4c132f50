"""A letter, read again by the standard library's own parser as a mail program would."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.notifications import NoticeCategory
from notifications.domain import INTRODUCTION, WELCOME, Template
from notifications.hosted_event_notices import CONFIRMATION, INVITATION, THANKS, Announcement
from notifications.letters import About, Letter, text_of
from notifications.message import NoAddress, compose

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]

TALK = About(
    hosted_event=Announcement(
        hosted_event_id=UUID("00000000-0000-4000-8000-0000000000e1"),
        title="Women & girls in science",
        summary="Talks <and> questions.",
        place="Online",
        link="https://gse.example/science",
        starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
    )
)


def letter(
    name: str, address: str = "ada@example.org", template: Template = WELCOME, about: About | None = None
) -> Letter:
    return Letter(
        notice_id=UUID("00000000-0000-4000-8000-0000000000f1"),
        member_id=UUID("00000000-0000-4000-8000-00000000000a"),
        category=NoticeCategory.MEMBERSHIP,
        template=template,
        attempts=1,
        message_id="<00000000-0000-4000-8000-0000000000f1@profession.test>",
        name=name,
        email=address,
        front_door="https://gse.test",
        about=about or About(),
    )


def composed(
    name: str, address: str = "ada@example.org", template: Template = WELCOME, about: About | None = None
) -> bytes:
    return compose(
        letter(name, address, template, about),
        sender="gse@profession.test",
        date=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
    )


def read(message: bytes) -> EmailMessage:
    return email.message_from_bytes(message, policy=email.policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def test_a_welcome_says_who_sends_it_to_whom_and_that_no_person_wrote_it() -> None:
    message = read(composed("Zoë Nuñez-李"))

    assert message.keys() == HEADERS
    assert message["From"] == "Government Science and Engineering profession <gse@profession.test>"
    assert message["To"].addresses[0].display_name == "Zoë Nuñez-李"
    assert message["To"].addresses[0].addr_spec == "ada@example.org"
    assert message["Subject"] == "Welcome to the Government Science and Engineering profession"
    assert message["Date"] == "Wed, 11 Feb 2026 14:00:00 +0000"
    assert message["Message-ID"] == "<00000000-0000-4000-8000-0000000000f1@profession.test>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_plain_text_comes_first_and_the_html_says_the_same() -> None:
    message = read(composed("Zoë Nuñez"))

    assert message.get_content_type() == "multipart/alternative"
    assert [its.get_content_type() for its in message.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        text = part(message, kind)
        assert "Dear Zoë Nuñez," in text
        assert "You are now a member." in text
        assert "https://gse.test/privacy" in text


def test_the_plain_text_arrives_as_it_was_written() -> None:
    message = read(composed("Zoë Nuñez", template=INVITATION, about=TALK))

    written = text_of(INVITATION, name="Zoë Nuñez", front_door="https://gse.test", about=TALK)
    assert part(message, "plain").splitlines() == written.splitlines()


def test_every_line_is_ascii_and_short_enough_for_any_server() -> None:
    lines = composed("Zoë " + "Nuñez " * 30).split(b"\r\n")

    assert all(line.isascii() and len(line) <= 998 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_a_name_cannot_add_a_header_or_an_addressee() -> None:
    message = read(composed('Eve\r\nBcc: victim@example.org\r\n\r\n"x" <victim@example.org>, '))

    assert message.keys() == HEADERS
    assert [its.addr_spec for its in message["To"].addresses] == ["ada@example.org"]


@pytest.mark.parametrize("name", ["Ada King", 'Ada "the first" \\ King, MP', "Zoë " + "李" * 60])
def test_a_name_arrives_as_it_is_in_words_that_are_short_enough(name: str) -> None:
    message = composed(name)

    # `email.policy.default` puts a space between two encoded words of a phrase, which RFC 2047 takes away.
    [(to, _)] = getaddresses([email.message_from_bytes(message)["To"]])
    assert str(make_header(decode_header(to))) == name
    assert all(len(line) <= 76 for line in message.partition(b"Subject:")[0].split(b"\r\n"))


def test_a_name_that_looks_encoded_is_not_decoded() -> None:
    assert read(composed("=?utf-8?q?Ada?="))["To"].addresses[0].display_name == "=?utf-8?q?Ada?="


def test_who_is_told_the_same_is_told_it_under_their_own_name() -> None:
    first, second = About("Ben & Co", "ben@example.org"), About("Cy", "cy@example.org")
    pages = [
        part(read(composed(name, template=INTRODUCTION, about=about)), "html")
        for name, about in (("Ada", first), ("Ben", second), ("", first), ("Ada", About()))
    ]

    assert ["Dear Ada," in pages[0], "Dear Ben," in pages[1], "Hello," in pages[2]] == [True] * 3
    assert ["Ben &amp; Co" in page for page in pages] == [True, False, True, False]
    assert "mailto:cy@example.org" in pages[1]
    assert "They have left the profession since." in pages[3]
    assert not any("\0" in page for page in pages)


def test_a_name_is_text_in_the_html_not_markup() -> None:
    assert "<script>" not in part(read(composed("<script>alert(1)</script>")), "html")


@given(some.one_of(some.text(max_size=90), some.text(alphabet='ab ,."\\<>@ë=?_();:\r\n', max_size=90)))
def test_whatever_the_name_there_is_one_addressee_and_no_other_header(name: str) -> None:
    message = read(composed(name))

    assert message.keys() == HEADERS
    assert [its.addr_spec for its in message["To"].addresses] == ["ada@example.org"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example.org, victim@example.org",
        "ada@example.org\r\nBcc: victim@example.org",
        "ada king@example.org",
        "<ada@example.org>",
        "ada@@example.org",
        "ada..king@example.org",
        "ada@example.org\x00",
    ],
)
def test_what_is_no_address_is_not_written_to(address: str) -> None:
    with pytest.raises(NoAddress):
        composed("Ada King", address)


def test_an_address_beyond_ascii_stands_in_the_header_as_it_is() -> None:
    text = composed("Zoë", "zoë@example.org").decode()  # SMTPUTF8: the header itself is UTF-8
    message = email.message_from_string(text, policy=email.policy.default)

    assert message["To"].addresses[0].addr_spec == "zoë@example.org"


def test_without_a_name_the_text_greets_without_one() -> None:
    assert text_of(WELCOME, name=None, front_door="https://gse.test").startswith("Hello,\n\nWelcome to the Government")
    assert text_of(WELCOME, name="Ada", front_door="https://gse.test").startswith("Dear Ada,\n\nWelcome to the Gov")


@pytest.mark.parametrize(
    ("template", "words", "link"),
    [
        (INVITATION, "You are invited to an event", "/events/00000000-0000-4000-8000-0000000000e1"),
        (CONFIRMATION, "You have a place at an event", "/events/00000000-0000-4000-8000-0000000000e1"),
        (THANKS, "Thank you for coming to an event", "/events/calendar"),
    ],
)
def test_a_letter_about_a_hosted_event_says_which_and_when_and_leads_on(
    template: Template, words: str, link: str
) -> None:
    message = read(composed("Ada", template=template, about=TALK))

    text, page = part(message, "plain"), part(message, "html")
    assert message["Subject"] == template.subject
    assert "science" not in template.subject  # nobody reads on a lock screen who goes where
    for kind in (text, page):
        assert words in kind
        assert "Thursday 11 February" in kind
        assert f"https://gse.test{link}" in kind
    assert "Women & girls in science" in text
    assert "Women &amp; girls in science" in page


def test_an_invitation_says_when_and_where() -> None:
    text = text_of(INVITATION, name="Ada", front_door="https://gse.test", about=TALK)

    assert "When: Thursday 11 February, 2pm to 3:30pm\nWhere: Online\n" in text
    assert "Women & girls in science\nTalks <and> questions.\n" in text


def test_a_letter_does_not_show_name_or_address_when_printed() -> None:
    shown = repr(letter("Ada King"))

    assert "Ada" not in shown
    assert "example.org" not in shown
