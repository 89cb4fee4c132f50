"""The lock: compiled from what the packages ask for, and whether it still is what they ask for."""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gse_platform.home import ROOT, CannotGoOn

LOCK = ROOT / "requirements.lock"
OURS = "gse-"


def asked_for(root: Path = ROOT) -> list[tuple[str, Requirement]]:
    """Every third-party requirement and the file that states it."""
    found = []
    for file in sorted(root.glob("*/*/pyproject.toml")):
        project = tomllib.loads(file.read_text())["project"]
        found += [(str(file.relative_to(root)), Requirement(words)) for words in project["dependencies"]]
    lines = (line.partition("#")[0].strip() for line in (root / "requirements.in").read_text().splitlines())
    found += [("requirements.in", Requirement(line)) for line in lines if line]
    return [(file, requirement) for file, requirement in found if not requirement.name.startswith(OURS)]


def compile_lock(*, upgrade: bool) -> None:
    """Write requirements.lock anew: for every system, hashes only, no addresses."""
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wishes:
        wishes.write("\n".join(sorted({str(requirement) for _, requirement in asked_for()})) + "\n")
        wishes.flush()
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]
        command += ["--upgrade"] if upgrade else []
        done = subprocess.run([*command, wishes.name, "--output-file", str(LOCK)], check=False)
    if done.returncode != 0:
        raise CannotGoOn("The lock was not compiled: the lines above say why.")
    print(f"{len(_pins(LOCK.read_text()))} packages locked.")


def what_is_wrong(root: Path = ROOT) -> list[str]:
    """Why the lock is not to be trusted, in sentences; none when it is fresh."""
    text = (root / "requirements.lock").read_text()
    pins = _pins(text)
    wrong = [
        f"the lock names an address: {line.strip()}" for line in text.splitlines() if "://" in line or " @ " in line
    ]
    for name, version, hashes in _entries(text):
        if not hashes:
            wrong.append(f"{name}=={version} has no hash")
    for file, requirement in asked_for(root):
        versions = pins.get(canonicalize_name(requirement.name), [])
        if not versions:
            wrong.append(f"{file} asks for {requirement}, which is not locked: run ./gse lock")
        wrong += [
            f"{file} asks for {requirement}, but {version} is locked: run ./gse lock"
            for version in versions
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    return wrong


def _pins(text: str) -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    for name, version, _ in _entries(text):
        pins.setdefault(canonicalize_name(name), []).append(version)
    return pins


def _entries(text: str) -> list[tuple[str, str, int]]:
    """Name, version and number of hashes of each entry."""
    whole = text.replace("\\\n", " ")
    entries = []
    for line in whole.splitlines():
        if line.strip() and not line.startswith("#"):
            found = re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line)
            if found is None:
                raise CannotGoOn(f"requirements.lock has a line that pins nothing: {line.strip()[:80]}")
            entries.append((found[1], found[2], line.count("--hash=sha256:")))
    return entries
