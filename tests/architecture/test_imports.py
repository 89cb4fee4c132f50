"""Who may import whom: the rules of `.importlinter`, and what they can't say."""

import ast
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

HOUSE = Path(__file__).parents[2]
HTTP_CLIENTS = {"aiohttp", "httpx", "httpx2", "requests", "urllib3", "urllib.request", "http.client"}
ASK_OUTSIDE = {
    "services/members/members/signing_in/provider.py",  # the department's sign-in provider
    "services/notifications/notifications/notify.py",  # GOV.UK Notify
}


def test_the_import_rules_hold() -> None:
    # As a child process: import-linter puts the working directory on the path and its output on the terminal.
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    checked = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-c", code, "--no-logo", "--no-cache"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_import_rules_are_about_every_package_of_the_house() -> None:
    rules = ConfigParser()
    rules.read(HOUSE / ".importlinter")
    packages = {path.parent.name for path in HOUSE.glob("*/*/*/py.typed")}

    assert set(rules["importlinter"]["root_packages"].split()) == packages


def test_no_service_calls_another_over_http() -> None:
    """What a service needs of another's facts it keeps from events, so it has no use for an HTTP client."""
    callers = {
        str(path.relative_to(HOUSE))
        for path in HOUSE.glob("services/*/*/**/*.py")
        if path.relative_to(HOUSE).parts[2] != "tests" and not HTTP_CLIENTS.isdisjoint(_imported(path))
    }

    assert callers == ASK_OUTSIDE


def _imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    return {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names} | {
        node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)
    }
