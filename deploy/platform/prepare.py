"""Make .venv from the hashed lock. Run by the launcher with the system's Python, so standard library only.

Promise: when this ends with 0, .venv holds what the lock says and its stamp says so. Interrupted at any point, the next
run mends or rebuilds it; of two runs at once, one works and the other waits.
"""

import fcntl
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "gse-stamp"
UNFINISHED = VENV / "gse-unfinished"
LOCK = ROOT / "requirements.lock"
# In the order of their needs; pip is told not to look for any.
PACKAGES = (
    "shared/contracts",
    "shared/chassis",
    "shared/testkit",
    "services/members",
    "services/mentoring",
    "services/events",
    "services/notifications",
    "deploy/platform",
)


class Unprepared(Exception):  # noqa: N818 (a sentence for the person at the terminal, not an error of the program)
    """The packages cannot be prepared; the message says what to do."""


def main() -> int:
    wanted = sys.argv[1]
    with LOCK.open() as held:
        try:
            wait_for_others(held.fileno())
            if stamp() != wanted:
                prepare(wanted, held.fileno())
        except Unprepared as sentence:
            say(str(sentence))
            return 1
        except KeyboardInterrupt:
            say("Stopped. The next start goes on from here.")
            return 130
    return 0


def wait_for_others(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another start is preparing the Python packages; waiting for it …")
        fcntl.flock(lock, fcntl.LOCK_EX)


def stamp() -> str:
    try:
        return STAMP.read_text().rstrip("\n")
    except OSError:
        return ""


def prepare(wanted: str, lock: int) -> None:
    """Every child shares the lock: one that outlives a killed start holds up the next until it ends."""
    started = time.monotonic()
    say("Preparing Python packages (once, about a minute) …")
    if VENV.exists() and (UNFINISHED.exists() or not usable()):
        shutil.rmtree(VENV)
    if not VENV.exists():
        make_environment(lock)
    total = sum(line[:1].isalnum() for line in LOCK.read_text().splitlines())
    pip("-r", str(LOCK), "--require-hashes", total=total, lock=lock)
    editable = [part for package in PACKAGES for part in ("-e", str(ROOT / package))]
    pip("--no-deps", "--no-build-isolation", *editable, total=0, lock=lock)
    STAMP.write_text(wanted + "\n")
    UNFINISHED.unlink(missing_ok=True)
    say(f"Python packages ready in {time.monotonic() - started:.0f} s.")


def usable() -> bool:
    """Whether the environment's Python still runs (it may have been upgraded away) and was made in this very place."""
    try:
        found = subprocess.run(
            [PYTHON, "-c", "import json, pip, sys; print(json.dumps([sys.version_info >= (3, 11), sys.prefix]))"],
            capture_output=True,
            check=True,
        )
        recent, prefix = json.loads(found.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False
    made_in = stamp().rpartition(" ")[0].rpartition(" ")[0]
    return bool(recent) and Path(prefix) == VENV and made_in in {"", str(ROOT)}


def make_environment(lock: int) -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415 (only to learn whether it is there)
        import venv  # noqa: F401, PLC0415
    except ImportError:
        raise Unprepared(
            "This Python has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and try again.",
        ) from None
    VENV.mkdir()
    UNFINISHED.touch()
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=[lock])
    if made.returncode != 0:
        raise Unprepared(reason(made.stdout + made.stderr, "The Python environment .venv could not be made"))


def pip(*arguments: str, total: int, lock: int) -> None:
    """Run pip install, showing how many of the packages it has come to."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    told: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        pass_fds=[lock],
    ) as running:
        assert running.stdout is not None  # noqa: S101 (PIPE was asked for)
        for line in running.stdout:
            told = [*told, line][-200:]
            seen += line.startswith(("Collecting ", "Requirement already satisfied"))
            if total and line.startswith("Installing "):
                passing("  installing …", lasting=True)
            elif total:
                passing(f"  {min(seen, total)} of {total}", lasting=line.startswith("Collecting ") and seen % 25 == 0)
    passing("")
    if running.returncode != 0:
        raise Unprepared(reason("".join(told), "The Python packages could not be installed"))


def reason(output: str, what: str) -> str:
    if "No space left on device" in output:
        return f"{what}: the disk is full. Make room and run ./gse again."
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        return f"{what}: a package differs from what the lock promises, so it was refused.\n{tail(output)}"
    if any(
        sign in output for sign in ("NewConnectionError", "Could not find a version", "timed out", "ConnectTimeout")
    ):
        return f"{what}: the package index did not give them. Check the connection and run ./gse again.\n{tail(output)}"
    return f"{what}.\n{tail(output)}"


def tail(output: str) -> str:
    return "\n".join("  " + line for line in output.strip().splitlines()[-8:])


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def passing(words: str, *, lasting: bool = False) -> None:
    """On a terminal a line that the next one replaces; elsewhere the lasting ones only, a line each."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)
    elif lasting:
        say(words)


if __name__ == "__main__":
    sys.exit(main())
