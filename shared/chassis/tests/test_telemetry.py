import json
import subprocess
import sys

PROGRAM = """
import logging
from chassis.telemetry import configure_logs, logger
configure_logs("members", "json")
name = "Ada Lovelace"
for log in (logger("ours"), logging.getLogger("a.library")):
    try:
        raise ValueError(f"{name} is not a grade")
    except ValueError:
        log.exception("something failed")
"""


def test_a_log_line_is_json_and_tells_an_error_without_its_text_or_variables() -> None:
    printed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    lines = [json.loads(line) for line in printed.splitlines()]

    assert [(line["event"], line["error"], line["level"], line["service"]) for line in lines] == [
        ("something failed", "ValueError", "error", "members"),
        ("something failed", "ValueError", "error", "members"),
    ]
    assert "Lovelace" not in printed
    assert lines[0]["places"][0].endswith("<module>")
