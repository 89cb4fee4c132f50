"""However the parent ends, nothing of it is left."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import sys, time
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from testkit.kafka_process import start_kafka
from testkit.postgres_process import start_postgres

home = Path(sys.argv[1])
with ThreadPoolExecutor(2) as pool:
    kafka = pool.submit(start_kafka, home / "kafka", users={"operator": "o"})
    postgres = pool.submit(start_postgres, home / "postgres")
# The threads that started them have ended here, and that must not end them.
time.sleep(0.5)
print(kafka.result().pid, postgres.result().pid, postgres.result().folder, flush=True)
time.sleep(60)
"""
GUARDED_PARENT = """
import os, subprocess, sys, time
guard = "import sys; from testkit import launch; launch.guard(int(sys.argv[1]), 9, sys.argv[2:])"
subprocess.Popen([sys.executable, "-c", guard, str(os.getpid()), "sleep", "60"], cwd=sys.argv[1])
print("started", flush=True)
time.sleep(60)
"""


def at_work_in(*folders: str) -> list[int]:
    """The living processes that were started with something in one of the folders, or that stand in it."""
    return [
        pid
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        if _belongs(pid, folders)
    ]


def _belongs(pid: int, folders: tuple[str, ...]) -> bool:
    try:
        alive = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        stands = str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return False
    return alive and any(folder in command or stands.startswith(folder) for folder in folders)


def gone_within(seconds: float, *folders: str) -> bool:
    deadline = time.monotonic() + seconds
    while at_work_in(*folders) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not at_work_in(*folders)


def test_a_killed_parent_leaves_no_process(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        kafka, postgres, folder = parent.stdout.readline().split()
        there = at_work_in(str(tmp_path), folder)
        assert {int(kafka), int(postgres)} <= set(there)
        assert len(there) > 5  # the server's own children, too
        parent.send_signal(signal.SIGKILL)
    assert gone_within(10, str(tmp_path), folder)
    if folder != str(tmp_path / "postgres" / "postgres"):
        shutil.rmtree(folder)


def test_where_the_kernel_cannot_tell_of_the_end_a_guard_watches_the_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", GUARDED_PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        deadline = time.monotonic() + 10
        while len(at_work_in(str(tmp_path))) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(at_work_in(str(tmp_path))) == 3  # the parent, its guard, and what that guards
        parent.send_signal(signal.SIGKILL)
    assert gone_within(10, str(tmp_path))
