"""Sending again by hand: what may be, once by each request, and never to or about somebody who has gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis import testing
from chassis.database import Database
from chassis.subscription import Subscription
from chassis.testing import Delivery, deliver, said
from contracts.members import MemberContactChanged
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded
from contracts.notifications import NoticeCategory
from contracts.refusal import Refused
from notifications import afterwards, choosing_store, digests, redelivering
from notifications.app import CONTACTS, EVENTS, MEMBERS, MENTORING
from notifications.deciding import Choice, Frequency
from notifications.domain import NoSuchNotice, NoticeState
from notifications.redelivering import ADigestIsNotSentAgain, NothingToTellAnyMore, NotToBeSentAgain, Stopped, refusal
from notifications.testing import (
    TALK,
    MailServerDouble,
    answers,
    hangs_up,
    hosted,
    joins,
    leaves,
    mail_to,
    published,
    rows,
    said_events,
    sending,
    standing,
    takes,
)
from testkit.eventually import eventually
from testkit.examples import erasure_requested, left

ADA, BEN, BY = UUID(int=0xA), UUID(int=0xB), UUID(int=0xF)
NOW: Final = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
PAIRED = MentoringPairCreated(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)
PAIR_ENDED = MentoringPairEnded(pair_id=UUID(int=1), first_member_id=ADA, second_member_id=BEN)


@pytest.mark.parametrize("state", NoticeState)
def test_only_what_failed_or_is_unknown_is_sent_again(state: NoticeState) -> None:
    its = refusal(Stopped(state, is_digest=False, useful_until=None, over=None), NOW)

    assert (its is None) == (state in {NoticeState.FAILED, NoticeState.UNKNOWN})
    assert its is None or (isinstance(its, NotToBeSentAgain) and its.sentence.endswith(f"This one is {state}."))


@pytest.mark.parametrize(
    ("its", "kind", "sentence"),
    [
        (
            Stopped(NoticeState.UNKNOWN, is_digest=True, useful_until=None, over=None),
            ADigestIsNotSentAgain,
            "A digest is not sent again. Send again what it held, each message by itself.",
        ),
        (
            Stopped(NoticeState.FAILED, is_digest=False, useful_until=None, over="the pair ended before it was sent"),
            NothingToTellAnyMore,
            "It is not sent again: the pair ended.",
        ),
        (
            Stopped(NoticeState.FAILED, is_digest=False, useful_until=NOW, over=None),
            NothingToTellAnyMore,
            "It is not sent again: it tells nothing any more at this time.",
        ),
    ],
    ids=["a digest", "over", "too late"],
)
def test_a_refusal_says_why(its: Stopped, kind: type[Refused], sentence: str) -> None:
    found = refusal(its, NOW)

    assert type(found) is kind
    assert found.sentence == sentence


def test_what_is_useful_for_a_moment_more_is_sent_again() -> None:
    until = NOW + timedelta(microseconds=1)

    assert refusal(Stopped(NoticeState.UNKNOWN, is_digest=False, useful_until=until, over=None), NOW) is None


async def come_to(database: Database, server: MailServerDouble, *states: str) -> None:
    """The sender runs until the notices stand so, in the order of making."""
    async with sending(database, mail_to(server)):

        async def are_there() -> bool:
            return [state for state, _ in await standing(database)] == list(states)

        await eventually(are_there)


async def unknown_to(database: Database, server: MailServerDouble, number: int) -> list[UUID]:
    """What is due is handed over and gets no answer; gives the ids of all such, in the order of making."""
    server.at_data = hangs_up
    unknown = "SELECT notice_id FROM notice WHERE state = 'unknown' ORDER BY number"
    async with sending(database, mail_to(server)):

        async def are_there() -> bool:
            return len(await rows(database, unknown)) == number

        await eventually(are_there)
    server.at_data = takes
    return [its for (its,) in await rows(database, unknown)]


async def again(database: Database, *notices: UUID) -> list[Refused | None]:
    async with database.transaction() as tx:
        found = await redelivering.send_again(tx, notices, by=BY)
    return [found[its] for its in notices]


async def test_it_is_due_at_once_and_says_who_and_when(notifications: Database, server: MailServerDouble) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    [notice_id] = await unknown_to(notifications, server, 1)
    notifications.clock = lambda: NOW

    assert await again(notifications, notice_id) == [None]

    assert await rows(
        notifications,
        """
        SELECT state, reason, due_at, wanted_at, digest_id, redelivered_at, redelivered_by, redeliveries
        FROM notice""",
    ) == [("due", None, NOW, NOW, None, NOW, str(BY), 1)]


async def test_many_at_once_send_it_once_more(notifications: Database, server: MailServerDouble) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    [notice_id] = await unknown_to(notifications, server, 1)

    found = await asyncio.gather(*(again(notifications, notice_id) for _ in range(8)))

    assert [its for [its] in found].count(None) == 1
    assert {type(its) for [its] in found if its} == {NotToBeSentAgain}
    assert await rows(notifications, "SELECT redeliveries FROM notice") == [(1,)]


async def test_it_goes_out_whatever_the_member_prefers_and_is_told(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    [notice_id] = await unknown_to(notifications, server, 1)
    async with notifications.transaction() as tx:
        await choosing_store.save(tx, ADA, dict.fromkeys(NoticeCategory, Choice(Frequency.NEVER, inbox=False)), None)

    await again(notifications, notice_id)
    await come_to(notifications, server, "sent")

    assert len(server.handed) == 2
    [(kind, body)] = await said_events(notifications)
    assert (kind, body["notice_id"]) == ("uk.gov.gse.notifications.NotificationSent.v1", str(notice_id))


async def test_what_failed_goes_to_the_address_that_came_since(
    notifications: Database, server: MailServerDouble
) -> None:
    server.at_rcpt = answers("550 no such user")
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await come_to(notifications, server, "failed")
    server.at_rcpt = takes
    moved = MemberContactChanged(member_id=ADA, name="Ada King", email="ada.king@example.org")
    await deliver(notifications, "notifications", CONTACTS, said(moved, 2))
    [(notice_id,)] = await rows(notifications, "SELECT notice_id FROM notice")

    assert await again(notifications, notice_id) == [None]
    await come_to(notifications, server, "sent")

    assert [its.rcpt_tos for its in server.handed] == [["ada.king@example.org"]]


async def test_what_a_digest_held_is_sent_again_by_itself_and_the_digest_is_not(
    notifications: Database, server: MailServerDouble
) -> None:
    notifications.clock = lambda: NOW
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with notifications.transaction() as tx:
        await choosing_store.save(tx, ADA, dict.fromkeys(NoticeCategory, Choice(Frequency.DAILY)), None)
    await deliver(notifications, "notifications", EVENTS, said(published(), 1))
    await come_to(notifications, server, "gathered", "gathered")
    notifications.clock = lambda: NOW + timedelta(days=1)
    await digests.make(notifications)
    first, second, digest = await unknown_to(notifications, server, 3)

    refusals = await again(notifications, first, second, digest)

    assert [type(its) for its in refusals] == [type(None), type(None), ADigestIsNotSentAgain]
    await come_to(notifications, server, "sent", "sent", "unknown")
    assert len(server.handed) == 3  # the digest, and each by itself


@pytest.mark.parametrize(
    ("subscription", "delivery", "why"),
    [
        (MEMBERS, said(left(ADA), 2), "the member left"),
        (MEMBERS, said(left(BEN), 2), "the member left"),
        (MENTORING, said(PAIR_ENDED, 2), "the pair ended"),
        (MEMBERS, said(erasure_requested(BEN), 2), "the pair ended"),
    ],
    ids=["who it is to left", "who it is about left", "pair ended", "who it is about was erased"],
)
async def test_an_introduction_that_is_over_is_not_sent_again(
    notifications: Database, server: MailServerDouble, subscription: Subscription, delivery: Delivery, why: str
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    await deliver(notifications, "notifications", MENTORING, said(PAIRED, 1))
    await unknown_to(notifications, server, 4)
    [(notice_id,)] = await rows(
        notifications, "SELECT notice_id FROM notice WHERE member_id = $1 AND template = 'introduction'", ADA
    )
    await deliver(notifications, "notifications", subscription, delivery)

    [its] = await again(notifications, notice_id)

    assert isinstance(its, NothingToTellAnyMore)
    assert its.sentence == f"It is not sent again: {why}."
    assert await rows(notifications, "SELECT state FROM notice WHERE notice_id = $1", notice_id) == [("unknown",)]


async def test_to_an_erased_member_nothing_is_sent_again(notifications: Database, server: MailServerDouble) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    [notice_id] = await unknown_to(notifications, server, 1)
    await deliver(notifications, "notifications", MEMBERS, said(erasure_requested(ADA), 2))

    [its] = await again(notifications, notice_id)

    assert isinstance(its, NoSuchNotice)


async def test_an_invitation_to_what_took_place_is_not_sent_again_and_the_thanks_are(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await deliver(notifications, "notifications", EVENTS, said(published(), 1))
    _, invitation = await unknown_to(notifications, server, 2)
    await rows(notifications, "INSERT INTO attendance VALUES ($1, $2, $3) RETURNING 1", uuid4(), TALK, ADA)
    await deliver(notifications, "notifications", EVENTS, said(hosted(), 2))
    *_, thanks = await unknown_to(notifications, server, 3)

    refusals = await again(notifications, invitation, thanks)

    assert [its and its.sentence for its in refusals] == ["It is not sent again: the event took place.", None]


async def test_an_invitation_is_not_sent_again_after_its_event_has_ended(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    its = published()
    await deliver(notifications, "notifications", EVENTS, said(its, 1))
    _, invitation = await unknown_to(notifications, server, 2)
    notifications.clock = lambda: its.ends_at

    [refused] = await again(notifications, invitation)

    assert refused is not None
    assert refused.sentence == "It is not sent again: it tells nothing any more at this time."


async def test_whoever_leaves_meanwhile_gets_nothing(notifications: Database, server: MailServerDouble) -> None:
    """Whichever of the two comes first: it is cancelled as due, or refused."""
    members = [UUID(int=0x100 + number) for number in range(20)]
    for member_id in members:
        await joins(notifications, member_id, "Ada King", f"ada{member_id.int}@example.org")
    notices = await unknown_to(notifications, server, len(members))

    async def leave() -> None:
        for member_id in members:
            await leaves(notifications, member_id)

    await asyncio.gather(leave(), *(again(notifications, its) for its in notices))

    assert await rows(notifications, "SELECT 1 FROM notice WHERE state NOT IN ('unknown', 'cancelled')") == []


async def test_news_of_the_message_before_change_nothing_of_the_one_that_was_sent_again(
    notifications: Database, server: MailServerDouble
) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    [notice_id] = await unknown_to(notifications, server, 1)
    await again(notifications, notice_id)

    async with notifications.transaction() as tx:
        assert await afterwards.hold(tx, str(notice_id), "email") is None
        assert await afterwards.hold(tx, f"{notice_id}.1", "email") is not None


@pytest.fixture
async def unknown(running: FastAPI, server: MailServerDouble) -> UUID:
    """Ada's welcome, of which nobody knows whether it arrived."""
    database: Database = running.state.running.database
    server.at_data = hangs_up
    await joins(database, ADA, "Ada King", "ada@example.org")

    async def is_unknown() -> bool:
        return [state for state, _ in await standing(database)] == ["unknown"]

    await eventually(is_unknown)
    server.at_data = takes
    [(notice_id,)] = await rows(database, "SELECT notice_id FROM notice")
    found: UUID = notice_id
    return found


async def ask(client: AsyncClient, notice_id: UUID, headers: dict[str, str], key: str = "a key") -> Response:
    path = f"/api/notifications/v1/notices/{notice_id}/redelivery"
    return await client.post(path, headers=headers | {"Idempotency-Key": key})


async def test_over_http_a_repeat_sends_nothing_more_and_another_request_is_refused(
    client: AsyncClient, running: FastAPI, server: MailServerDouble, unknown: UUID
) -> None:
    database: Database = running.state.running.database
    team = testing.signed_in("team")

    first = await ask(client, unknown, team)

    async def is_sent() -> bool:
        return [state for state, _ in await standing(database)] == ["sent"]

    await eventually(is_sent)
    repeat = await ask(client, unknown, team)
    another = await ask(client, unknown, team, "another key")

    assert (first.status_code, first.json()["redeliveries"]) == (200, 1)
    assert (repeat.status_code, repeat.json()["state"], repeat.json()["redeliveries"]) == (200, "sent", 1)
    assert (another.status_code, another.json()["type"]) == (409, "/problems/not-to-be-sent-again")
    assert len(server.handed) == 2
    assert "ada@" not in first.text
    assert "Ada King" not in first.text


async def test_over_http_it_is_for_the_team_alone(client: AsyncClient, server: MailServerDouble, unknown: UUID) -> None:
    found = {
        role: (await ask(client, unknown, testing.signed_in(role, member_id=ADA))).status_code
        for role in ("member", "operator", "volunteer", "scheme-lead")
    }

    assert set(found.values()) == {403}
    assert (await ask(client, unknown, {})).status_code == 401
    assert (await ask(client, uuid4(), testing.signed_in("team"))).status_code == 404
    assert len(server.handed) == 1
