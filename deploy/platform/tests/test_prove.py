"""The parts of the proof that are not its checks, and the whole of it, small."""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from aiokafka import AIOKafkaProducer

from gse_platform.prove import kafka_log
from gse_platform.prove.asking import History
from gse_platform.prove.collecting import Marks, holding, lines_with
from gse_platform.prove.facts import Record
from gse_platform.prove.nemesis import DECK, plan
from gse_platform.prove.people import Names, marker
from testkit.addresses import KafkaAddress


@pytest.mark.timeout(300)
async def test_kafkas_own_consumer_gives_every_record_back_byte_for_byte(
    kafka: KafkaAddress, topic_prefix: str, tmp_path: Path
) -> None:
    topic = f"{topic_prefix}gse.members"
    producer = AIOKafkaProducer(**kafka.aiokafka())
    await producer.start()
    headers = [("ce_id", b"one"), ("none", None), ("bytes", b"\xff\n\t\\")]
    await producer.send_and_wait(topic, b'{"a": "\\n"}', key=b"k", partition=0, headers=headers)
    await producer.send_and_wait(topic, None, key=b"a\tb", partition=0)
    await producer.send_and_wait(topic, b"\\x00 \n\t\x00\xff", key=None, partition=3)
    await producer.stop()

    ends = await asyncio.to_thread(kafka_log.ends, kafka, [topic], tmp_path)
    found = await asyncio.to_thread(kafka_log.read, kafka, {topic: 3}, tmp_path)

    assert {place: end for place, end in ends.items() if end} == {(topic, 0): 2, (topic, 3): 1}
    assert found == [
        Record(topic, 0, 0, b"k", {"ce_id": b"one", "none": None, "bytes": b"\xff\n\t\\"}, b'{"a": "\\n"}'),
        Record(topic, 0, 1, b"a\tb", {}, None),
        Record(topic, 3, 0, None, {}, b"\\x00 \n\t\x00\xff"),
    ]


def test_a_seed_gives_the_same_faults_again_and_a_deck_holds_every_kind() -> None:
    faults = plan(len(DECK), random.Random(3), short=True)

    assert faults == plan(len(DECK), random.Random(3), short=True)
    assert {fault.what for fault in faults} == {what for what, _ in DECK}
    assert all(5.5 <= fault.seconds <= 7 for fault in faults if fault.what == "stop")


def test_every_name_and_address_holds_the_canary() -> None:
    canary = marker(random.Random(1))
    people = [Names(random.Random(2), canary).person() for _ in range(100)]

    assert len(canary) == 9
    assert all(canary in text.lower() for person in people for text in person.values())


def test_a_row_is_known_by_a_whole_token_or_by_marked_words_and_not_by_the_mark_alone() -> None:
    token = "abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567"
    finds = holding({"baba dodo qcanary", token}, "qcanary")

    assert [finds('{"words": "baba dodo qcanary"}'), finds(f'{{"it": "{token}"}}')] == [True, True]
    assert [finds('{"name": "Baba qcanary"}'), finds(f'{{"it": "{token}x"}}'), finds("")] == [False, False, False]


def test_a_line_with_what_was_entered_or_planted_is_counted_in_any_letter_case() -> None:
    assert lines_with("Ada Qcanary\nBen\nqpoison and qcanary\n", Marks("qcanary", "qpoison")) == 2


@pytest.mark.timeout(600)
def test_a_small_run_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gse_platform", "prove", "--commands", "60", "--faults", "3", "--seed", "5"],
        env=os.environ | {"TMPDIR": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything held. Seed 5" in done.stdout
    assert list(tmp_path.glob("gse-prove-*")) == []


async def test_what_had_no_answer_and_is_refused_when_asked_again_may_have_been_done() -> None:
    answers = iter([None, 409])

    def answer(_: httpx2.Request) -> httpx2.Response:
        status = next(answers)
        if status is None:
            raise httpx2.ReadTimeout("nobody answers")
        return httpx2.Response(status)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://test") as http:
        its = await History(http, random.Random(1)).ask("token", "/tokens", None, dict)

    assert (its.outcome, its.doubted) == ("fail", True)
