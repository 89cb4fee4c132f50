"""The demo with few people, as a person starts it: the chain of a day, on the streams and in the mail."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.base import PUBLIC_WITH_A_MEMBER_ID
from contracts.generate import SCHEMAS
from contracts.streams import SERVICES, public_stream
from gse_platform.demo.explained import explain, notices_in

GSE = [sys.executable, "-P", "-m", "gse_platform"]
DIGEST = "What is new for you in the profession"
PEOPLE = 40  # seven personas among them; of the others five move, and all the rest are guests

pytestmark = pytest.mark.timeout(300)


class Demo:
    """`gse demo` that has come to its end and runs on."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"GSE_HOME": str(home), "GSE_PORT": "0", "NO_COLOR": "1"}
        self.home, self.log = home, home.with_suffix(".log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*GSE, "demo", "--people", str(PEOPLE)],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready.startswith("Ready: "), self.log.read_text()
        self.front_door = ready.removeprefix("Ready: ").strip()

    def events(self, *streams: str) -> list[dict[str, Any]]:
        """What `gse tail --from-beginning --json` prints."""
        done = subprocess.run(
            [*GSE, "tail", *streams, "--from-beginning", "--until-end", "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "platform.json").read_text())
        return found

    def mails(self) -> list[dict[str, Any]]:
        sink = self.state()["mail_sink"]["url"]
        found: list[dict[str, Any]] = httpx2.get(f"{sink}/messages", trust_env=False).json()
        return found

    def end(self) -> None:
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.stdout.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "home")
    yield running
    running.end()


@pytest.fixture(scope="module")
def said(demo: Demo) -> list[dict[str, Any]]:
    return demo.events(*(f"gse.{service}" for service in SERVICES))


def name_of(event: dict[str, Any]) -> str:
    return str(event["type"]).split(".")[-2]


def test_every_step_of_the_day_is_on_the_streams_in_the_order_in_which_one_led_to_the_other(
    said: list[dict[str, Any]],
) -> None:
    chain = (
        "MemberJoined", "StrategyPublished", "VolunteerJoinedGroup", "ChampionAppointed", "GroupMeetingScheduled",
        "OpportunityOpened", "ParticipantsSelected", "DiversityStatisticsPublished", "MemberErasureRequested",
        "MemberErased", "CommitmentOverdue",
        "FeedbackRoundOpened", "FeedbackSummaryPublished", "FeedbackAnswered",
    )  # fmt: skip
    of_the_day = (
        "MemberJoined", "EventProposed", "EventSignedOff", "KeynoteConfirmed", "EventPublished", "AttendeeRegistered",
        "MemberErasureRequested", "MemberDataErased", "MemberErased", "MentoringSchemeOpened", "MatchRunCompleted",
        "EventHosted",
    )  # fmt: skip
    names = [name_of(event) for event in said]
    places = [names.index(name) for name in of_the_day]

    assert places == sorted(places)
    assert [names.index(name) for name in chain] == sorted(names.index(name) for name in chain)
    assert names.count("VolunteerJoinedGroup") == 8 + 1
    moved = (
        "MemberGradeChanged", "MemberLeft", "MemberProcessingRestricted", "OrganisationMerged", "ShadowBoardSeatOpened",
        "ShadowBoardMemberAppointed", "ShadowBoardAdviceGiven", "ShadowBoardAdviceAnswered", "FocusGroupHeld",
        "FocusGroupFindingsPublished", "DiversityStatisticsPublished",
    )  # fmt: skip
    assert [names.index(name) for name in moved] == sorted(names.index(name) for name in moved)
    assert names.count("MemberJoined") == PEOPLE + 2  # one came back, one was there twice
    assert names.count("MemberTransferred") == 2
    assert names.count("MemberLeft") == 2
    assert names.count("AttendeeRegistered") == PEOPLE - 7 - 5 + 2
    assert names.count("MemberDataErased") == 4
    assert names.count("CommitmentOverdue") == 1
    assert names.count("MentoringPairCreated") >= 10
    assert places[1] < names.index("MentoringPairCreated") < places[-1]


def test_no_event_comes_before_its_cause_or_before_an_earlier_number_of_its_subject(
    said: list[dict[str, Any]],
) -> None:
    place = {event["id"]: number for number, event in enumerate(said)}
    last: dict[tuple[str, str], int] = {}
    for number, event in enumerate(said):
        assert place.get(event.get("causationid", ""), -1) < number
        at = (event["stream"], event["subject"])
        assert int(event["sequence"]) == last.get(at, 0) + 1
        last[at] = int(event["sequence"])
    caused = {name_of(event) for event in said if "causationid" in event}
    assert caused == {"MemberDataErased", "MemberErasureCompleted", "MemberErased"}


def test_a_department_sees_public_fields_and_nothing_else(demo: Demo) -> None:
    public = demo.events(*map(public_stream, SERVICES))
    allowed = {
        path.name.removesuffix(".public.json"): set(json.loads(path.read_text())["properties"])
        for service in SERVICES
        for path in (SCHEMAS / service).glob("*.public.json")
    }

    assert {name_of(event) for event in public} >= {"MemberJoined", "EventPublished", "MentoringSchemeOpened"}
    for event in public:
        assert event["dataclassification"] == "public"
        assert set(event["data"]) <= allowed[f"{name_of(event)}.v1"]
        assert {"correlationid", "causationid", "traceparent"}.isdisjoint(event)
        assert name_of(event) in PUBLIC_WITH_A_MEMBER_ID or not {field for field in event["data"] if "member" in field}


def test_a_volunteer_heard_of_each_thing_once_of_their_work_together_and_nobody_has_a_message_twice(demo: Demo) -> None:
    mails = demo.mails()
    to_the_volunteer = [mail["subject"] for mail in mails if mail["to"] == "callum.reid@metoffice.example"]

    assert Counter(subject for subject in to_the_volunteer if subject != DIGEST) == {
        "Welcome to the Government Science and Engineering profession": 1,
        "You have a new role in the profession": 1,
        "You are invited to an event of the profession": 1,
        "You have a place at an event of the profession": 1,
        "Soon: an event at which you have a place": 1,
        "A mentoring scheme is open": 1,
        "Meet the member you have been paired with": 1,
        "Thank you for coming to an event of the profession": 1,
    }
    assert DIGEST in to_the_volunteer
    assert len({mail["message_id"] for mail in mails}) == len(mails)


async def test_every_message_is_of_an_event_and_everybody_who_should_hear_has_one(
    demo: Demo, said: list[dict[str, Any]]
) -> None:
    notices = await notices_in(demo.state()["postgres"]["databases"]["notifications"])
    found = explain(said, notices)

    assert list(found.against) == []
    assert found.sentence in demo.log.read_text()
    assert min(found.ways[way] for way in ("alone", "in a digest", "inbox")) > 0


def one_of(said: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(event for event in said if name_of(event) == name)


async def test_a_message_too_many_and_one_too_few_are_noticed(demo: Demo, said: list[dict[str, Any]]) -> None:
    notices = await notices_in(demo.state()["postgres"]["databases"]["notifications"])
    invitation = next(row for row in notices if row["template"] == "invitation")
    others = [row for row in notices if row is not invitation]
    of_nothing = invitation | {"event_id": "nothing"}
    of_another = invitation | {"event_id": one_of(said, "MemberJoined")["id"]}

    assert [its.partition(" of ")[0] for its in explain(said, others).against] == [
        f"{invitation['member_id']} has no invitation"
    ]
    assert len(explain(said, [*notices, invitation]).against) == 1
    assert len(explain(said, [*notices, of_nothing]).against) == 1
    assert len(explain(said, [*notices, of_another]).against) == 1


def test_the_terminal_told_it(demo: Demo) -> None:
    told = demo.log.read_text()

    assert "11 February" in told
    assert "mentoring says MentoringSchemeOpened: GSE Connect" in told
    assert "→ members note_receipt" in told
