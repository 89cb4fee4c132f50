"""The plugin as another department meets it: an empty project, fresh packages, and the example of the README."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.addresses import KafkaAddress

SHARED = Path(__file__).parents[2]
README = SHARED / "testkit" / "README.md"
UV = [sys.executable, "-P", "-m", "uv"]


def example() -> str:
    """The first Python block of the README, whole: what is read there is what is run here."""
    [text, *_] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    return str(text)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program that knows nothing of this checkout or of the session that runs this test."""
    ours = ("PYTEST", "PYTHON", "VIRTUAL_ENV", "GSE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | environment
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def must(what: str, *command: str | Path, cwd: Path) -> None:
    done = run(*command, cwd=cwd)
    if done.returncode != 0:
        why = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        pytest.fail(f"{what}:\n{why}", pytrace=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project whose environment holds our two wheels, and what the package index has of their needs."""
    folder = tmp_path / "project"
    folder.mkdir()
    wheels = tmp_path / "wheels"
    for package in ("contracts", "testkit"):
        must(
            f"No wheel could be built of shared/{package}",
            *UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable,
            "--out-dir", wheels, SHARED / package,
            cwd=folder,
        )  # fmt: skip
    must("No fresh environment could be made", *UV, "venv", "--python", sys.executable, ".venv", cwd=folder)
    must(
        "The package index did not give what gse-testkit needs: this test must reach it. It said",
        *UV, "pip", "install", "--python", ".venv/bin/python", *wheels.glob("*.whl"),
        cwd=folder,
    )  # fmt: skip
    return folder


@pytest.mark.timeout(300)
def test_the_example_of_the_readme_passes_in_an_empty_project(
    project: Path, kafka: KafkaAddress, postgres: str
) -> None:
    (project / "test_mine.py").write_text(example())

    done = run(
        ".venv/bin/python", "-m", "pytest", "--no-header",
        cwd=project,
        GSE_TEST_KAFKA=kafka.bootstrap,
        GSE_TEST_POSTGRES=postgres,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_mine.py ." in done.stdout
    assert f"testkit: Kafka: the given server at {kafka.bootstrap}" in done.stdout
    assert "1 passed" in done.stdout
