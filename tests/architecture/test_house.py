"""The house: what is shared, how long a file may be, and what no file may hold."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
LONGEST = 400
DRAWERS = {"utils", "util", "common", "helpers", "models", "misc", "lib", "enums", "base_handler"}
BUSINESS = re.compile(
    "member|mentor|notice|notification|scheme|^pair|invitee|profile|grade|organisation|welcome|story|calendar"
    "|opportunit|commitment|enquir",
    re.IGNORECASE,
)
REGISTRIES = [  # in two halves, so that this file doesn't hold what it looks for
    first + "." + last
    for first, last in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo1.maven", "org"),
        ("repo.maven.apache", "org"),
        ("registry.npmjs", "org"),
        ("proxy.golang", "org"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("mcr.microsoft", "com"),
    ]
]


def tracked() -> list[Path]:
    found = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True, check=True)  # noqa: S607 - git, wherever it is
    return [path for name in found.stdout.split("\0") if name and (path := HOUSE / name).is_file()]


def names_in(path: Path) -> list[str]:
    """A module's own name, and those of its classes."""
    classes = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    return [path.stem, *classes]


def test_shared_is_exactly_three_packages() -> None:
    assert sorted(path.parent.name for path in HOUSE.glob("shared/*/pyproject.toml")) == [
        "chassis",
        "contracts",
        "testkit",
    ]
    assert sorted(path.name for path in (HOUSE / "shared").iterdir() if path.is_dir()) == [
        "chassis",
        "contracts",
        "testkit",
    ]


def test_the_services_are_four() -> None:
    assert sorted(path.parent.name for path in HOUSE.glob("services/*/pyproject.toml")) == [
        "events",
        "members",
        "mentoring",
        "notifications",
    ]


@pytest.mark.parametrize("path", sorted(HOUSE.glob("shared/chassis/chassis/**/*.py")), ids=lambda path: path.stem)
def test_no_module_or_class_of_the_chassis_is_named_after_the_business(path: Path) -> None:
    assert [name for name in names_in(path) if BUSINESS.search(name)] == []


def test_nowhere_is_there_a_drawer_for_everything() -> None:
    assert [path for path in tracked() if path.suffix == ".py" and path.stem in DRAWERS] == []


def test_no_python_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {
        str(path.relative_to(HOUSE)): len(path.read_text().splitlines()) for path in tracked() if path.suffix == ".py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_file_holds_the_address_of_a_registry() -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        found += [f"{path.relative_to(HOUSE)}: {host}" for host in REGISTRIES if host.encode() in content]

    assert found == []


def test_the_lock_holds_versions_and_hashes_and_no_address() -> None:
    lock = (HOUSE / "requirements.lock").read_text()
    requirements = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]

    assert not re.search(r"://|--index-url|--extra-index-url|--find-links| @ ", lock)
    assert [line for line in requirements if not re.fullmatch(r"[a-z0-9-]+==\S+ .*\\", line)] == []
    assert lock.count("--hash=sha256:") >= len(requirements)
    assert not (HOUSE / "uv.lock").exists()


@pytest.mark.parametrize("service", ["members", "mentoring", "events", "notifications"])
def test_a_service_has_the_files_that_every_service_has(service: str) -> None:
    home = HOUSE / "services" / service
    first, somewhere = ["app.py", "settings.py", "py.typed"], ["domain.py", "store.py", "api.py"]

    assert [name for name in first if not (home / service / name).is_file()] == []
    assert [name for name in somewhere if not any((home / service).rglob(name))] == []
    assert (home / "README.md").is_file()
    assert (home / "migrations" / f"0001_{service}.sql").is_file()
