"""The pages of feedback, as a browser without JavaScript gets them."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, in_browser

API = "/api/members/v1"
HERE = "/members/feedback"
PAGE = {"Accept": "text/html"}
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
LAST = TODAY + timedelta(days=7)
Do = Callable[..., Awaitable[Any]]


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


def said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def token_in(page: str) -> str:
    found = re.search(r'name="token"[^>]* value="([^"]+)"', page)
    assert found
    return found[1]


async def send(client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, **who: Any) -> Any:
    return await client.post(address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles, **who))


async def test_before_anything_is_asked_the_list_says_what_will_be_there(client: AsyncClient) -> None:
    """The first test of this module: it needs an empty house."""
    page = await client.get(HERE, headers=PAGE)

    assert page.status_code == 200
    assert "Nothing has been asked yet. The central team’s questions will be here" in words(page.text)
    assert "Ask members" not in words(page.text)


async def test_the_team_asks_with_a_form_and_the_commitment_leads_to_it(client: AsyncClient, commitment: Do) -> None:
    its = await commitment()
    form = (await client.get(f"{HERE}/new?commitment={its}", headers=in_browser("team"))).text
    day = {"closes_on-day": str(LAST.day), "closes_on-month": str(LAST.month), "closes_on-year": str(LAST.year)}
    answers = {
        "commitment_id": its,
        "title": "Did it reach <you>?",
        "about": "Think of it.",
        "must_hear": ["EO", "SCS"],
    }

    sent = await send(client, f"{HERE}/new", answers | day, "team")
    page = words((await client.get(sent.headers["location"], headers=in_browser("team"))).text)
    again = await send(client, f"{HERE}/new", answers | day, "team")
    promise = await client.get(f"/members/strategy/commitments/{its}", headers=PAGE)

    assert f'<option value="{its}" selected>' in form
    assert sent.status_code == 303
    assert "The question is open. Members can answer from now on." in page
    assert "Did it reach &lt;you&gt;?" in page
    assert f"You can answer until the end of {said(LAST)}" in page
    assert "Who must be heard EO Senior Civil Service" in page
    assert again.status_code == 409
    assert "Members are being asked about this commitment already." in words(again.text)
    assert "Think of it." in again.text
    assert f"Being reviewed Members are being asked. Did it reach &lt;you&gt;? , open until {said(LAST)}" in words(
        promise.text
    )


async def test_what_the_team_cannot_ask_is_said_at_each_field_and_nothing_typed_is_lost(
    client: AsyncClient, commitment: Do
) -> None:
    await commitment()
    page = await send(
        client, f"{HERE}/new", {"title": "x" * 121, "closes_on-day": "42", "about": "Kept", "must_hear": ["EO"]}, "team"
    )
    nobody = await send(client, f"{HERE}/new", {}, "team")

    assert page.status_code == nobody.status_code == 422
    for sentence in ("Choose a promise", "The question must be 120 characters or fewer", "Enter a real date"):
        assert sentence in words(page.text)
    assert 'value="42"' in page.text
    assert ">Kept</textarea>" in page.text
    assert re.search(r'value="EO" checked', page.text)
    for sentence in ("Enter the question", "Choose at least one group", "Enter the last day"):
        assert sentence in words(nobody.text)


async def test_a_stranger_is_led_to_sign_in_and_back(client: AsyncClient, ask: Do) -> None:
    at = f"{HERE}/{await ask()}"

    page = (await client.get(at, headers=PAGE)).text
    taking = await client.post(f"{at}/token", headers=PAGE)

    assert f'href="/sign-in?return={at.replace("/", "%2F")}"' in page
    assert "Nobody finds out what you answered" in page
    assert taking.status_code == 307
    assert taking.headers["location"].startswith("/sign-in/renew")


async def test_a_member_takes_a_token_answers_with_it_and_is_thanked(client: AsyncClient, ask: Do, join: Do) -> None:
    at = f"{HERE}/{await ask()}"
    member_id, _ = await join()
    me = {"member_id": member_id}

    before = (await client.get(at, headers=in_browser("member", **me))).text
    taken = await send(client, f"{at}/token", {}, "member", **me)
    token = token_in(taken.text)
    mistakes = await client.post(
        f"{at}/answer", data={"token": token, "comment": "Fine.", "groups": ["EO"]}, headers=PAGE
    )
    sent = await client.post(
        f"{at}/answer", data={"token": token, "rating": "well", "comment": "Fine.", "groups": ["EO"]}, headers=PAGE
    )
    thanks = words((await client.get(sent.headers["location"], headers=PAGE)).text)
    twice = await client.post(f"{at}/answer", data={"token": token, "rating": "well"}, headers=PAGE)
    after = words((await client.get(at, headers=in_browser("member", **me))).text)

    assert "Take your token and answer" in before
    assert taken.status_code == 200
    assert len(token) == 39
    assert taken.text.count(token) == 2
    assert "It is shown this once and cannot be given again." in words(taken.text)
    assert mistakes.status_code == 422
    assert "Choose how well the promise is kept" in words(mistakes.text)
    assert token_in(mistakes.text) == token
    assert ">Fine.</textarea>" in mistakes.text
    assert re.search(r'value="EO" checked', mistakes.text)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{at}/thanks")
    assert f"The question closes at the end of {said(LAST)}." in thanks
    assert twice.status_code == 409
    assert "This token has been used: its answer is in" in words(twice.text)
    assert "You have had your token for this question" in after
    assert "Take your token and answer" not in after


async def test_a_second_token_is_refused_in_words_that_say_what_to_do(client: AsyncClient, ask: Do, join: Do) -> None:
    at = f"{HERE}/{await ask()}"
    member_id, _ = await join()

    first, second = [await send(client, f"{at}/token", {}, "member", member_id=member_id) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 409)
    assert "If you have lost it, you can answer the next question." in words(second.text)
    assert 'name="token"' not in second.text


@pytest.mark.parametrize("token", ["", "abcd", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"])
async def test_a_token_that_is_none_of_this_round_is_named_at_its_field(
    client: AsyncClient, ask: Do, token: str
) -> None:
    page = await client.post(f"{HERE}/{await ask()}/answer", data={"token": token, "rating": "partly"}, headers=PAGE)

    assert page.status_code == 422
    assert re.search(r"Error: Enter (your|the) token", words(page.text))
    assert 'value="partly" checked' in page.text


async def test_who_is_no_member_is_told_how_to_be_heard(client: AsyncClient, ask: Do) -> None:
    at = f"{HERE}/{await ask()}"

    page = words((await client.get(at, headers=in_browser("operator"))).text)
    refused = await send(client, f"{at}/token", {}, "operator")

    assert "Members of the profession are asked. Join to be heard." in page
    assert refused.status_code == 403


async def test_the_team_reads_sums_up_and_says_what_was_done_and_everybody_sees_it(
    client: AsyncClient, ask: Do, answer: Do, close: Do
) -> None:
    round_id = await ask(["EO", "SCS"])
    at = f"{HERE}/{round_id}"
    ratings = ["well"] * 14 + ["partly"] * 12 + ["not-at-all", "cannot-say"] * 3
    for number, rating in enumerate(ratings):
        await answer(round_id, rating, groups=["EO"] if number < 12 else [], comment=f"Word {number}.\nAnd <more>.")
    hidden = words((await client.get(f"{at}/comments", headers=in_browser("team"))).text)
    await close()

    counted = words((await client.get(at, headers=PAGE)).text)
    first = (await client.get(f"{at}/comments", headers=in_browser("team"))).text
    following = re.search(r'href="([^"]+\?after=[^"]+)"', first)
    assert following
    second = (await client.get(following[1], headers=in_browser("team"))).text
    mistakes = await send(client, f"{at}/summary", {"summary": "x" * 301}, "team")
    early = await send(client, f"{at}/response", {"you_said": "Late.", "we_did": "Sooner."}, "team")
    summed = await send(client, f"{at}/summary", {"summary": "Half of you say so."}, "team")
    halfway = await send(client, f"{at}/response", {"you_said": "Late."}, "team")
    done = await send(client, f"{at}/response", {"you_said": "Late.", "we_did": "Sooner."}, "team")
    page = words((await client.get(at, headers=PAGE)).text)
    its = (await client.get(f"{API}/feedback-rounds/{round_id}")).json()["commitment_id"]
    promise = words((await client.get(f"/members/strategy/commitments/{its}", headers=PAGE)).text)
    listed = words((await client.get(HERE, headers=PAGE)).text)

    assert "Nobody reads anything before the question has closed" in hidden
    assert "What members answered will be summed up here." in counted
    assert "About 30 people" not in counted
    assert (first.count("<blockquote"), second.count("<blockquote")) == (20, 12)
    assert "And &lt;more&gt;." in first
    assert (mistakes.status_code, early.status_code, halfway.status_code) == (422, 409, 422)
    assert "The summary must be 300 characters or fewer" in words(mistakes.text)
    assert "Publish the summary of this question first" in words(early.text)
    assert "Enter what was done" in words(halfway.text)
    assert (summed.headers["location"], done.headers["location"]) == (f"{at}?done=summary", f"{at}?done=response")
    assert "You said Late. We did Sooner. What was answered Half of you say so." in page
    assert "How well the promise is kept" in page
    assert "Well: 15 In part: 10" in page
    assert "About 30 people answered. How many said “Not at all” or “I cannot say” is hidden." in page
    assert (
        "EO Heard; what they said is hidden Senior Civil Service Not heard: fewer than 10 said that they are in it"
        in page
    )
    assert "You said: Late. We did: Sooner." in promise
    assert "Acted on" in listed


async def test_of_too_few_answers_the_page_says_so_and_nothing_else(
    client: AsyncClient, ask: Do, answer: Do, close: Do
) -> None:
    round_id = await ask()
    for _ in range(4):
        await answer(round_id, "not-at-all", comment="Few.")
    await close()
    await send(client, f"{HERE}/{round_id}/summary", {"summary": "Too few answered."}, "team")

    page = words((await client.get(f"{HERE}/{round_id}", headers=PAGE)).text)
    comments = words((await client.get(f"{HERE}/{round_id}/comments", headers=in_browser("team"))).text)

    assert "Fewer than 5 people answered." in page
    assert "How well the promise is kept" not in page
    assert "deleted unread" in comments


async def test_nobody_else_opens_the_teams_pages(client: AsyncClient, ask: Do) -> None:
    at = f"{HERE}/{await ask()}"
    for address in (f"{HERE}/new", f"{at}/summary", f"{at}/response"):
        assert (await client.get(address, headers=in_browser("member", member_id=uuid4()))).status_code == 403
        assert (await send(client, address, {}, "member", member_id=uuid4())).status_code == 403
        assert (await client.get(address, headers=PAGE)).status_code == 303, "to sign in"
    assert (await client.get(f"{at}/comments", headers=in_browser("member", member_id=uuid4()))).status_code == 403


async def test_a_closed_question_takes_no_answer_and_what_is_not_there_is_not_found(
    client: AsyncClient, ask: Do, take: Do, close: Do
) -> None:
    round_id = await ask()
    token = await take(round_id)
    await close()

    form = words((await client.get(f"{HERE}/{round_id}/answer", headers=PAGE)).text)
    late = await client.post(f"{HERE}/{round_id}/answer", data={"token": token, "rating": "well"}, headers=PAGE)
    nowhere = [
        (await client.get(f"{HERE}/{uuid4()}{path}", headers=in_browser("team"))).status_code
        for path in ("", "/answer", "/thanks", "/comments", "/summary", "/response")
    ]

    assert "takes no more answers" in form
    assert late.status_code == 409
    assert "This question has closed and takes no more answers." in words(late.text)
    assert nowhere == [404] * 6


async def test_the_list_is_paged(client: AsyncClient, ask: Do) -> None:
    for _ in range(21):
        await ask()

    first = (await client.get(HERE, headers=PAGE)).text
    following = re.search(r'href="(/members/feedback\?after=[^"]+)"', first)
    assert following
    second = (await client.get(following[1], headers=PAGE)).text

    assert first.count("govuk-summary-list__row") == 20
    assert second.count("govuk-summary-list__row") >= 1
