"""A member's own pages, as a browser without JavaScript gets them."""

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import testing
from chassis.database import Database
from chassis.testing import deliver, said, signed_in
from contracts.erasure import MemberErasureRequested
from contracts.events import AttendeeRegistered, EventPublished, KeyDateScheduled
from contracts.mentoring import MentoringPairCreated, MentoringSchemeOpened
from notifications import app, pages
from notifications.app import EVENTS, MEMBERS, MENTORING
from notifications.settings import Settings
from notifications.testing import ADDRESS_KEY, MailServerDouble, joined, joins, leaves, rows
from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.eventually import eventually
from testkit.provision import provision, remove_topics

PAGE = {"Accept": "text/html"}
NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def prefix(kafka: KafkaAddress) -> Iterator[str]:
    its = f"notices{secrets.token_hex(4)}."
    provision(kafka, prefix=its, principals=False)
    yield its
    remove_topics(kafka, its)


@pytest.fixture(scope="module")
async def service(
    databases: Databases, kafka: KafkaAddress, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    """The whole service in January 2027, for all tests of this module: each has members of its own."""
    server = MailServerDouble()
    await server.start()
    async with databases.lend("notifications", testing.migrating("notifications", app.__file__)) as url:
        its = app.create(
            Settings(
                database_url=SecretStr(url),
                kafka_bootstrap=kafka.bootstrap,
                topic_prefix=prefix,
                http_port=0,
                token_keys=testing.token_keys(tmp_path_factory.mktemp("notifications")),
                front_door="https://gse.test",
                address_key=SecretStr(ADDRESS_KEY),
                NOTIFICATIONS_SMTP_HOST="127.0.0.1",
                NOTIFICATIONS_SMTP_PORT=server.port,
                NOTIFICATIONS_MAIL_FROM="gse@profession.test",
            )
        )
        async with its.router.lifespan_context(its):
            its.state.running.database.clock = lambda: NOW
            yield its
    await server.stop()


@pytest.fixture(scope="module")
async def client(service: FastAPI) -> AsyncIterator[AsyncClient]:
    async with testing.client_of(service) as asking:
        yield asking


@pytest.fixture
def database(service: FastAPI) -> Database:
    its: Database = service.state.running.database
    return its


@pytest.fixture
async def ada(database: Database) -> UUID:
    """A member, and nobody else and nothing to come: each test begins with an empty calendar."""
    await rows(database, "UPDATE hosted_event SET state = 'hosted' RETURNING 1")
    await rows(database, "DELETE FROM mentoring_scheme RETURNING 1")
    await rows(database, "DELETE FROM key_date RETURNING 1")
    member_id = uuid4()
    await joins(database, member_id, "Ada <King>", "ada@example.org")
    await eventually(lambda: all_sent(database, member_id))
    return member_id


async def all_sent(database: Database, member_id: UUID) -> bool:
    return await rows(database, "SELECT 1 FROM notice WHERE member_id = $1 AND state <> 'sent'", member_id) == []


def talk(title: str = "Women & girls in science", day: int = 11) -> EventPublished:
    return EventPublished(
        hosted_event_id=uuid4(),
        title=title,
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=datetime(2027, 2, day, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 2, day, 15, 30, tzinfo=UTC),
    )


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


async def seen(client: AsyncClient, path: str, member_id: UUID | None) -> str:
    answer = await client.get(path, headers=PAGE | signed_in("member", member_id=member_id))
    assert answer.status_code == 200, answer.text
    assert len(re.findall("<h1", answer.text)) == 1
    return answer.text


async def test_a_new_members_page_says_what_will_be_there(client: AsyncClient, ada: UUID) -> None:
    page = words(await seen(client, "/my", ada))

    assert "Ada &lt;King&gt; My page" in page
    assert "Your events You have no place at an event that is to come. When you take one, it is shown here" in page
    assert "You are not paired with anybody. When you are, we write to both of you" in page
    assert "No event takes registrations now." in page
    assert "No mentoring scheme is open now." in page
    assert "The next days that the profession celebrates will be here." in page
    assert "You have 1 unread message." in page
    assert "Welcome to the Government Science and Engineering profession unread Monday 11 January, 9am" in page


async def test_my_page_shows_what_a_member_belongs_to_and_what_they_can_do(
    client: AsyncClient, database: Database, ada: UUID
) -> None:
    ben, mine, other = uuid4(), talk(), talk("An afternoon at the lake", 12)
    await joins(database, ben, "Ben Okri", "ben@example.org")
    place = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=mine.hosted_event_id, member_id=ada)
    key_date = KeyDateScheduled(
        key_date_id=uuid4(), title="World Space Week", starts_on=date(2027, 10, 4), ends_on=date(2027, 10, 10)
    )
    await deliver(database, "notifications", EVENTS, said(mine, 1), said(other, 1), said(place, 1), said(key_date, 1))
    scheme = MentoringSchemeOpened(
        scheme_id=uuid4(),
        opened_on=date(2027, 1, 4),
        title="GSE Connect",
        summary="Members help each other to reach their potential.",
        link="https://gse.example/connect",
    )
    pair = MentoringPairCreated(pair_id=uuid4(), first_member_id=ben, second_member_id=ada)
    await deliver(database, "notifications", MENTORING, said(scheme, 1), said(pair, 1))

    html = await seen(client, "/my", ada)

    page = words(html)
    at = "Thursday 11 February, 2pm to 3:30pm Women &amp; girls in science Online"
    assert f"Your events {at} Your mentoring" in page
    assert f'href="/events/{mine.hosted_event_id}"' in html
    assert "paired with Ben Okri since 11 January 2027. Write to them at ben@example.org ." in page
    assert "Come to an event Friday 12 February, 2pm to 3:30pm An afternoon at the lake Online" in page
    assert "GSE Connect Members help each other to reach their potential. See how to take part" in page
    assert 'href="/mentoring"' in html
    assert "4 to 10 October World Space Week" in page
    assert "https://gse.example/connect" not in html


async def test_what_is_over_and_what_was_hosted_is_not_on_my_page(
    client: AsyncClient, database: Database, ada: UUID
) -> None:
    past = talk("A talk of yesterday").model_copy(
        update={
            "starts_at": datetime(2027, 1, 10, 14, 0, tzinfo=UTC),
            "ends_at": datetime(2027, 1, 10, 15, 0, tzinfo=UTC),
        }
    )
    place = AttendeeRegistered(registration_id=uuid4(), hosted_event_id=past.hosted_event_id, member_id=ada)
    await deliver(database, "notifications", EVENTS, said(past, 1), said(place, 1))

    assert "You have no place at an event that is to come." in words(await seen(client, "/my", ada))


async def test_an_inbox_shows_what_was_told_newest_first_and_each_message_opens(
    client: AsyncClient, database: Database, ada: UUID
) -> None:
    its = talk()
    await deliver(database, "notifications", EVENTS, said(its, 1))
    await eventually(lambda: all_sent(database, ada))

    html = await seen(client, "/notifications/inbox", ada)
    page = words(html)
    assert page.index("You are invited to an event of the profession") < page.index("Welcome to the Government")
    assert "Women &amp; girls in science, Monday 11 January, 9am" in page

    [invitation, _] = re.findall(r'href="(/notifications/inbox/[^"]+)"', html)
    html = await seen(client, invitation, ada)
    assert "We sent you this by email on Monday 11 January, 9am." in words(html)
    assert "Dear Ada &lt;King&gt;," in words(html)
    assert "When: Thursday 11 February, 2pm to 3:30pm" in words(html)
    assert f'<a class="govuk-link" href="https://gse.test/events/{its.hosted_event_id}"' in html
    assert '<h2 class="govuk-heading-m">What happens next</h2>' in html


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("due", ("On its way", "We are sending you this by email.")),
        ("failed", ("Not delivered", "We tried to send you this by email and your mail system refused it.")),
        ("unknown", ("May be lost", "do not know whether it arrived. We do not send it again.")),
    ],
)
async def test_what_has_not_arrived_says_where_it_is(
    client: AsyncClient, database: Database, ada: UUID, state: str, told: tuple[str, str]
) -> None:
    [(notice_id,)] = await rows(
        database,
        """
        UPDATE notice SET state = $2, sent_at = NULL, due_at = '2030-01-01'
        WHERE member_id = $1 RETURNING notice_id""",
        ada,
        state,
    )

    tag, sentence = told
    assert tag in words(await seen(client, "/notifications/inbox", ada))
    assert sentence in words(await seen(client, f"/notifications/inbox/{notice_id}", ada))


async def test_who_has_no_address_yet_reads_that_a_message_waits_for_it(
    client: AsyncClient, database: Database
) -> None:
    member_id = uuid4()
    await deliver(database, "notifications", MEMBERS, said(joined(member_id), 1))
    html = await seen(client, "/notifications/inbox", member_id)
    [welcome] = re.findall(r'href="(/notifications/inbox/[^"]+)"', html)

    assert "On its way" in words(html)
    assert "as soon as we have your address" in words(await seen(client, welcome, member_id))


async def test_a_long_inbox_is_read_page_by_page(client: AsyncClient, database: Database, ada: UUID) -> None:
    await rows(
        database,
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
            due_at, wanted_at, sent_at)
        SELECT gen_random_uuid(), $1, gen_random_uuid(), 'membership', 'welcome', 1, 'sent', now(), now(), now(), now()
        FROM generate_series(1, 24) RETURNING 1""",
        ada,
    )

    first = await seen(client, "/notifications/inbox", ada)
    [older] = re.findall(r'href="(/notifications/inbox\?after=\d+)"', first)
    second = await seen(client, older, ada)

    found = [len(re.findall(r'href="/notifications/inbox/', page)) for page in (first, second)]
    assert found == [20, 5]
    assert "Newest messages" not in words(first)
    assert "Newest messages" in words(second)
    assert "Older messages" not in words(second)
    assert "There are no older messages." in words(await seen(client, "/notifications/inbox?after=1", ada))


async def test_an_empty_inbox_says_what_will_be_there(client: AsyncClient, database: Database, ada: UUID) -> None:
    await rows(database, "DELETE FROM notice WHERE member_id = $1 RETURNING 1", ada)

    assert "There is nothing here yet. When something happens" in words(await seen(client, "/notifications/inbox", ada))
    assert "Nothing yet. What we write to you" in words(await seen(client, "/my", ada))


@pytest.mark.parametrize("path", ["/my", "/notifications/inbox"])
async def test_who_is_no_member_reads_how_to_become_one(client: AsyncClient, path: str) -> None:
    html = await seen(client, path, None)

    assert "You are not a member yet" in words(html)
    assert 'href="/join"' in html


@pytest.mark.parametrize("path", ["/my", "/notifications/inbox"])
async def test_who_has_left_reads_that_they_have(client: AsyncClient, database: Database, ada: UUID, path: str) -> None:
    await leaves(database, ada)

    page = words(await seen(client, path, ada))
    assert "You have left the profession We have deleted your name and address." in page


async def test_who_was_erased_reads_that_they_have_left(client: AsyncClient, database: Database, ada: UUID) -> None:
    await deliver(database, "notifications", MEMBERS, said(MemberErasureRequested(member_id=ada), 2))

    assert "You have left the profession" in words(await seen(client, "/my", ada))


@pytest.mark.parametrize("path", ["/my", "/notifications/inbox"])
async def test_a_member_of_whom_nothing_is_known_here_yet_is_asked_to_try_again(client: AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=PAGE | signed_in("member", member_id=uuid4()))

    assert (answer.status_code, answer.headers["retry-after"]) == (409, "2")
    assert "Your page is being made" in words(answer.text)
    assert f'href="{path}"' in answer.text


async def test_a_message_of_somebody_else_is_a_page_not_found(
    client: AsyncClient, database: Database, ada: UUID
) -> None:
    [(notice_id,)] = await rows(database, "SELECT notice_id FROM notice WHERE member_id = $1", ada)
    ben = uuid4()
    await joins(database, ben, "Ben Okri", "ben@example.org")

    for its in (notice_id, uuid4()):
        answer = await client.get(
            f"/notifications/inbox/{its}", headers=PAGE | signed_in("team", "member", member_id=ben)
        )
        assert answer.status_code == 404


def test_a_letter_becomes_paragraphs_with_headings_and_links() -> None:
    text = (
        "Dear Ada,\n\n"
        "A line that was wrapped, since it is longer than what a line of its own would ever be,\nis one again.\n\n"
        "Lakes & <rivers>\nAn afternoon outside.\n\nWhen: Friday\nWhere: Bath\n\nAll of it:\nhttps://gse.test/events/1\n\n"
        "Choose what you hear from us: https://gse.test/notifications/preferences-of-yours\nStop it: https://gse.test/x\n"
    )

    found = [(its.heading, [str(line) for line in its.lines]) for its in pages.paragraphs(text)]
    address = '<a class="govuk-link" href="https://gse.test/events/1"'
    assert found[:4] == [
        ("", ["Dear Ada,"]),
        ("", ["A line that was wrapped, since it is longer than what a line of its own would ever be, is one again."]),
        ("", ["Lakes &amp; &lt;rivers&gt;", "An afternoon outside."]),
        ("", ["When: Friday", "Where: Bath"]),
    ]
    assert found[4][1][0] == "All of it:"
    assert found[4][1][1].startswith(address)
    assert [line.partition(": <a")[0] for line in found[5][1]] == ["Choose what you hear from us", "Stop it"]
