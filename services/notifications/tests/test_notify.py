"""Real conversations with a double of GOV.UK Notify: what each way of ending means."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog

from chassis.clock import wall_clock
from contracts.notifications import Channel
from notifications import notify_double
from notifications.domain import INTRODUCTION, NotStarted, Outcome, Rejected, Sent, Template, Unknown
from notifications.letters import About, Letter
from notifications.notify import Notify
from notifications.notify_double import KEY, TEMPLATE, NotifyDouble, answers, cuts, hangs

NOTICE = UUID("00000000-0000-4000-8000-0000000000c1")
UNSUBSCRIBE = f"https://gse.test/notifications/unsubscribe/{NOTICE}/{INTRODUCTION.category}"
NOW = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)


@pytest.fixture
async def way(notify: NotifyDouble) -> AsyncIterator[Notify]:
    its = Notify(KEY, TEMPLATE, notify.url)
    yield its
    await its.close()


def letter(
    email: str = "ada@example.org", *, front_door: str = "https://gse.test", template: Template = INTRODUCTION
) -> Letter:
    return Letter(
        notice_id=NOTICE,
        member_id=UUID(int=2),
        category=template.category,
        template=template,
        attempts=1,
        message_id=f"<{NOTICE}@gse.test>",
        name="Ada King",
        email=email,
        about=About("[Ben](https://elsewhere.example)", "ben@example.org"),
        front_door=front_door,
        channel=Channel.NOTIFY,
        unsubscribe_token=NOTICE,
    )


async def test_what_it_accepts_is_sent_and_its_id_is_kept(way: Notify, notify: NotifyDouble) -> None:
    outcome = await way.converse(letter())

    [taken] = notify.taken
    assert outcome == Sent(taken.provider_id)
    assert taken.request["email_address"] == "ada@example.org"
    assert taken.request["reference"] == str(NOTICE)
    assert taken.request["one_click_unsubscribe_url"] == UNSUBSCRIBE
    assert taken.request["personalisation"]["subject"] == INTRODUCTION.subject
    assert "Ada King" in taken.request["personalisation"]["body"]


async def test_it_is_told_nothing_beside_the_words_the_address_and_our_id(way: Notify, notify: NotifyDouble) -> None:
    await way.converse(letter(template=replace(INTRODUCTION, critical=True)))

    [taken] = notify.taken
    assert set(taken.request) == {"email_address", "template_id", "personalisation", "reference"}
    assert set(taken.request["personalisation"]) == {"subject", "body"}


async def test_an_unsubscribe_address_that_it_would_refuse_is_left_out(way: Notify, notify: NotifyDouble) -> None:
    assert isinstance(await way.converse(letter(front_door="http://localhost:8000")), Sent)
    assert "one_click_unsubscribe_url" not in notify.taken[0].request


async def test_a_name_becomes_no_link(way: Notify, notify: NotifyDouble) -> None:
    await way.converse(letter())

    assert "](" not in notify.taken[0].request["personalisation"]["body"]


async def test_an_address_that_is_none_is_rejected(way: Notify, notify: NotifyDouble) -> None:
    assert await way.converse(letter("nobody")) == Rejected(
        "Notify takes the member's address for none", of_address=True
    )
    assert notify.taken == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((400, "BadRequestError", "Can't send to this recipient using a team-only API key"), "the service is live"),
        ((400, "BadRequestError", "Missing personalisation: body"), "((body))"),
        ((400, "ValidationError", "template_id is not a valid UUID"), "NOTIFICATIONS_NOTIFY_TEMPLATE"),
        ((401, "AuthError", "Unauthorized"), "NOTIFICATIONS_NOTIFY_KEY"),
        ((403, "AuthError", "Invalid token: API key not found"), "NOTIFICATIONS_NOTIFY_KEY"),
        ((404, "NotFound", "not found"), "NOTIFICATIONS_NOTIFY_URL"),
        ((301, "", ""), "NOTIFICATIONS_NOTIFY_URL"),
    ],
)
async def test_what_it_refuses_of_us_fails_no_notice_and_says_what_to_do(
    way: Notify, notify: NotifyDouble, refusal: tuple[int, str, str], words: str
) -> None:
    notify.before = answers(*refusal)
    with structlog.testing.capture_logs() as logs:
        outcome = await way.converse(letter())

    assert outcome == NotStarted(f"Notify refuses what we send: status {refusal[0]}", is_outage=True)
    assert words in logs[0]["do"]


async def test_a_wrong_secret_and_a_wrong_clock_are_about_us(notify: NotifyDouble) -> None:
    wrong = Notify(f"name-{uuid4()}-{uuid4()}", TEMPLATE, notify.url)
    late = Notify(KEY, TEMPLATE, notify.url, clock=lambda: wall_clock() - timedelta(seconds=45))
    for its in (wrong, late):
        assert await its.converse(letter()) == NotStarted("Notify refuses what we send: status 403", is_outage=True)
        await its.close()
    assert notify.taken == []


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        ("RateLimitError", timedelta(minutes=1)),
        ("TooManyRequestsError", timedelta(hours=2, minutes=30)),  # until midnight
        ("", timedelta(minutes=1)),
    ],
)
async def test_it_is_left_in_peace_for_as_long_as_its_limit_says(
    notify: NotifyDouble, error: str, rest: timedelta
) -> None:
    notify.before = answers(429, error, "Exceeded")
    moments = iter([wall_clock(), NOW])  # the token is made by the true clock
    way = Notify(KEY, TEMPLATE, notify.url, clock=lambda: next(moments))

    assert await way.converse(letter()) == NotStarted("Notify wants no more of us for now", rest=rest)
    await way.close()


@pytest.mark.parametrize(
    ("status", "is_outage"), [(500, True), (502, True), (503, True), (504, True), (408, False), (200, False)]
)
async def test_any_other_answer_leaves_the_end_unknown_and_a_5xx_is_an_outage(
    way: Notify, notify: NotifyDouble, status: int, *, is_outage: bool
) -> None:
    notify.before = answers(status)

    assert await way.converse(letter()) == Unknown(f"Notify answered {status} to the message", is_outage)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_connection_lost_after_the_request_leaves_the_end_unknown(
    way: Notify, notify: NotifyDouble, moment: str
) -> None:
    setattr(notify, moment, cuts)

    outcome = await way.converse(letter())

    assert isinstance(outcome, Unknown)
    assert outcome.is_outage


async def test_no_answer_in_time_leaves_the_end_unknown(notify: NotifyDouble) -> None:
    notify.after = hangs
    way = Notify(KEY, TEMPLATE, notify.url, seconds=0.2)

    assert await way.converse(letter()) == Unknown("no answer from Notify: TimeoutError", is_outage=True)
    await way.close()


async def test_a_refused_connection_is_an_outage(way: Notify, notify: NotifyDouble) -> None:
    await notify.stop()

    assert await way.converse(letter()) == NotStarted("Notify could not be reached: ConnectError", is_outage=True)


async def test_a_connection_that_it_ended_between_messages_is_made_anew(way: Notify, notify: NotifyDouble) -> None:
    assert isinstance(await way.converse(letter()), Sent)
    await notify.stop()
    await notify.start()
    assert isinstance(await way.converse(letter()), Sent)


async def test_an_acceptance_without_an_id_is_one(way: Notify, notify: NotifyDouble) -> None:
    notify.after = answers(201)

    assert await way.converse(letter()) == Sent(None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("created", Sent()),
        ("sending", Sent()),
        ("delivered", Sent()),
        ("a word of later times", Sent()),
        ("permanent-failure", Rejected("the mailbox refused the message for good", of_address=True)),
        ("temporary-failure", Rejected("the mailbox did not take the message in time")),
        ("technical-failure", Rejected("Notify could not send the message")),
    ],
)
async def test_asked_by_reference_it_says_what_became_of_a_message(
    way: Notify, notify: NotifyDouble, status: str, outcome: Outcome
) -> None:
    notify.after = cuts
    await way.converse(letter())
    [taken] = notify.taken
    taken.status = status
    expected = Sent(taken.provider_id) if isinstance(outcome, Sent) else outcome

    assert await way.ask(str(NOTICE)) == expected


async def test_asked_for_what_it_never_got_it_knows_none(way: Notify, notify: NotifyDouble) -> None:
    await way.converse(letter())

    assert await way.ask(str(uuid4())) == NotStarted("Notify does not have the message")


@pytest.mark.parametrize(
    "step", [answers(500), answers(403), answers(429, "RateLimitError", ""), answers(200), cuts, hangs]
)
async def test_no_answer_to_the_question_says_nothing(notify: NotifyDouble, step: notify_double.Step) -> None:
    notify.at_asking = step
    way = Notify(KEY, TEMPLATE, notify.url, seconds=0.5)

    assert await way.ask(str(NOTICE)) is None
    await way.close()


async def test_nobody_is_named_in_a_reason_a_log_or_a_form_of_it(notify: NotifyDouble) -> None:
    way = Notify(KEY, TEMPLATE, notify.url, seconds=0.5)
    told: list[Any] = [way]
    telling = "ada@example.org is Ada King"
    with structlog.testing.capture_logs() as logs:
        for step in (
            answers(400, "ValidationError", f"email_address {telling}"),
            answers(400, "BadRequestError", telling),
            answers(403, telling, telling),
            answers(429, telling, telling),
            answers(500, telling, telling),
            answers(200, telling, telling),
            cuts,
            hangs,
        ):
            notify.before = notify.at_asking = step
            told += [await way.converse(letter()), await way.ask(str(NOTICE))]
    await way.close()

    words = repr((told, logs))
    assert not any(part in words for part in ("ada@", "Ada", "King", "/unsubscribe/", notify_double.SECRET))


async def test_eight_conversations_at_once_hold_nothing_up(way: Notify, notify: NotifyDouble) -> None:
    arrived, may_go_on = asyncio.Semaphore(0), asyncio.Event()

    async def waits() -> None:
        arrived.release()
        await may_go_on.wait()

    notify.after = waits
    async with asyncio.TaskGroup() as group:
        conversations = [group.create_task(way.converse(letter())) for _ in range(8)]
        for _ in range(8):
            await arrived.acquire()
        may_go_on.set()
    assert all(isinstance(its.result(), Sent) for its in conversations)
