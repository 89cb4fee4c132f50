"""`./gse test`, `./gse bench` and `./gse check`: what must hold before a change is shared."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from gse_platform.home import ROOT, CannotGoOn
from gse_platform.requirements import what_is_wrong

console = Console(highlight=False)
RUN = [sys.executable, "-P", "-m"]
WORKERS = 2  # tests wait for half of their time; a third would wait for the two cores that a small machine has


@dataclass(frozen=True)
class Step:
    name: str
    holds: Callable[[], bool]


def test(arguments: list[str]) -> None:
    """Become pytest, at the root of the repository: paths in the arguments are paths from there."""
    os.chdir(ROOT)
    os.execv(sys.executable, [*RUN, "pytest", *among_workers(arguments), *arguments])  # noqa: S606 (no shell wanted)


def bench(arguments: list[str]) -> None:
    """Become the benches, which stand with the tests."""
    os.chdir(ROOT)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    os.execve(sys.executable, [*RUN, "bench", *arguments], environment)  # noqa: S606 (as above)


def attack(populations: int, seed: int) -> None:
    """Become the attacker of the figures, who stands with the tests."""
    os.chdir(ROOT)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    arguments = ["--populations", str(populations), "--seed", str(seed)]
    os.execve(sys.executable, [*RUN, "attacker", *arguments], environment)  # noqa: S606 (as above)


def among_workers(arguments: list[str]) -> list[str]:
    """What makes pytest share everything among workers. What somebody picked, or looks into, stays in one process."""
    if any(not argument.startswith("-") or argument in {"-s", "--pdb"} for argument in arguments):
        return []
    # In the order of the paths in pyproject.toml: the house comes early, since it takes longest.
    return ["-p", "gse_platform.workers", "-n", str(WORKERS), "--no-loadscope-reorder"]


def check() -> bool:
    """Run every step, also after one that failed; whether all hold."""
    steps = [
        Step("format", lambda: _run("ruff", "format", "--check", "--quiet", ".")),
        Step("lint", lambda: _run("ruff", "check", "--quiet", ".")),
        *(Step(f"types {number}", _typed(group)) for number, group in enumerate(_groups_for_mypy(), 1)),
        Step("import rules", _imports_obey),
        Step("lock freshness", _lock_is_fresh),
        Step("generated files", lambda: _run("contracts.generate", "--check")),
        Step("compatible contracts", lambda: _run("contracts.compatibility")),
    ]
    failed = []
    for step in steps:
        began = time.monotonic()
        holds = step.holds()
        console.print(
            f"{'[green]ok[/]    ' if holds else '[red]FAILED[/]'} {step.name} ({time.monotonic() - began:.1f} s)"
        )
        failed += [] if holds else [step.name]
    if failed:
        console.print(f"[red]Not good:[/] {', '.join(failed)}")
    return not failed


def _run(*command: str) -> bool:
    """Run a Python module with its arguments; what it says is shown when it fails."""
    done = subprocess.run([*RUN, *command], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        console.print((done.stdout + done.stderr).rstrip("\n"), markup=False, soft_wrap=True)
    return done.returncode == 0


def _typed(folders: Iterable[Path]) -> Callable[[], bool]:
    return lambda: _run("mypy", "--no-error-summary", *map(str, folders))


def _groups_for_mypy() -> list[list[Path]]:
    """What mypy can look at in one run: a test folder is no package, so two files of one name must not meet."""
    packages = [folder for pattern in ("shared/*", "services/*", "deploy/platform") for folder in ROOT.glob(pattern)]
    sources = [ROOT / "deploy" / "platform" / "prepare.py", *(_package(folder) for folder in sorted(packages))]
    groups: list[tuple[list[Path], set[Path]]] = [(sources, set())]
    for tests in [*(folder / "tests" for folder in sorted(packages)), ROOT / "tests"]:
        names = {file.relative_to(tests) for file in tests.rglob("*.py")}
        if not names:
            continue
        for folders, taken in groups:
            if not names & taken:
                folders.append(tests)
                taken.update(names)
                break
        else:
            groups.append(([tests], names))
    return [folders for folders, _ in groups]


def _package(folder: Path) -> Path:
    found = [file.parent for file in folder.glob("*/py.typed")]
    if len(found) != 1:
        raise CannotGoOn(f"{folder} should hold one typed package (a folder with py.typed), and holds {len(found)}.")
    return found[0]


def _imports_obey() -> bool:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "--no-logo", "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        console.print(done.stdout + done.stderr, markup=False, soft_wrap=True)
    return done.returncode == 0


def _lock_is_fresh() -> bool:
    wrong = what_is_wrong()
    for sentence in wrong:
        console.print(sentence, markup=False)
    return not wrong
