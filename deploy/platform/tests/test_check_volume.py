"""What is asked of one event told to many and of the rounds: each planted wrong figure is noticed."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gse_platform.prove.check_volume import OPEN_AT_ONCE, Round, Telling, against_rounds, against_telling
from gse_platform.prove.volume import quiet
from notifications.sending import AT_ONCE

TELLING = Telling(3, {"<a>": "sent", "<b>": "sent", "<c>": "unknown"}, ["<a>", "<b>"], kills=1)
ROUNDS = [Round(1, 3, 3, 0, 80, 10, 5), Round(2, 3, 3, 0, 100, 20, 5), Round(3, 3, 3, 0, 109, 30, 5)]


def against(found: dict[str, list[str]]) -> list[str]:
    return [sentence for sentence, its in found.items() if its]


def test_nothing_speaks_against_what_held() -> None:
    assert against(against_telling(TELLING) | against_rounds(ROUNDS, 3)) == []


@pytest.mark.parametrize(
    ("words", "doctored"),
    [
        ("one notice", replace(TELLING, notices={"<a>": "sent", "<b>": "sent"})),
        ("one notice", replace(TELLING, notices={**TELLING.notices, "<c>": "cancelled"})),
        ("twice", replace(TELLING, taken=["<a>", "<b>", "<b>"])),
        ("What is sent", replace(TELLING, taken=["<a>"])),
        ("What is sent", replace(TELLING, taken=["<a>", "<b>", "<x>"])),
        ("What is sent", replace(TELLING, notices={**TELLING.notices, "<c>": "due"}, taken=["<a>", "<b>", "<c>"])),
        ("At most 0", replace(TELLING, kills=0)),
        ("nothing waits", replace(TELLING, notices={**TELLING.notices, "<c>": "due"})),
    ],
)
def test_of_one_event_it_is_noticed_when(words: str, doctored: Telling) -> None:
    assert words in " ".join(against(against_telling(doctored)))


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("reached everybody", lambda its: replace(its, told=2)),
        ("Words are purged", lambda its: replace(its, notices_after_words=2)),
        ("Words are purged", lambda its: replace(its, left=1)),
        ("within 10%", lambda its: replace(its, own=111)),
        ("within 10%", lambda its: replace(its, own=90)),
    ],
)
def test_of_the_rounds_it_is_noticed_when(words: str, change: Callable[[Round], Round]) -> None:
    assert words in " ".join(against(against_rounds([*ROUNDS[:2], change(ROUNDS[2])], 3)))


def test_the_bound_is_what_one_process_of_notifications_has_open() -> None:
    assert OPEN_AT_ONCE == AT_ONCE


def test_it_is_quiet_while_messages_flow_from_a_second_after_the_first_one_until_a_kill_and_before_the_last() -> None:
    looks = [(float(second), count) for second, count in enumerate((0, 10, 20, 30, 40, 40, 50, 60, 70, 80, 80))]

    assert quiet(looks, [4.5]) == (3.0, 30)


@pytest.mark.timeout(600)
def test_a_small_run_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gse_platform", "prove", "--notices", "--recipients", "80", "--rounds", "1"],
        env=os.environ | {"TMPDIR": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything held" in done.stdout
    assert list(tmp_path.glob("gse-prove-*")) == []
