"""`python -m gse_platform.nursery_process <descriptor>`: imports once, then forks a process for each order; nursery.py.

Orders come as lines over the descriptor; back go `started <pid>` or `failed <error number>`, and, when one ends,
`ended <pid> <exit code>`.
"""

import contextlib
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from contracts.streams import SERVICES
from testkit.launch import die_with

SHARED = [f"{service}.app" for service in SERVICES]
SHARED += [f"gse_platform.{module}" for module in ("front_door", "mail_sink", "identity_provider")]


def main() -> None:
    channel = int(sys.argv[1])
    prepare()
    order = serve(channel)
    if order is not None:
        become(order)


def prepare() -> None:
    """Import what all share. The collector need not walk through it, now or ever: that would unshare its memory."""
    gc.disable()
    for module in SHARED:
        # Whoever needs it meets the same error, and says it in a log of its own.
        with contextlib.suppress(Exception):
            import_module(module)
    gc.collect()
    gc.freeze()
    gc.enable()


def serve(channel: int) -> dict[str, Any] | None:
    """Fork for each order. Returns an order in the process that is to carry it out; None when there are no more."""
    poll, living = select.poll(), dict[int, int]()
    poll.register(channel, select.POLLIN)
    orders = os.fdopen(channel, "rb", closefd=False)
    mother = os.getpid()
    while True:
        for ready, _ in poll.poll():
            if ready == channel:
                line = orders.readline()
                if not line:
                    return None
                try:
                    child, ending = fork()
                except OSError as error:  # whoever asked tries again, and the others live on
                    os.write(channel, f"failed {error.errno}\n".encode())
                    continue
                if child == 0:
                    if not die_with(mother, signal.SIGKILL):
                        os._exit(1)
                    for descriptor in (channel, *living):
                        os.close(descriptor)
                    order: dict[str, Any] = json.loads(line)
                    return order
                poll.register(ending, select.POLLIN)
                living[ending] = child
                os.write(channel, f"started {child}\n".encode())
            else:
                poll.unregister(ready)
                os.close(ready)
                child = living.pop(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                os.write(channel, f"ended {child} {code}\n".encode())


def fork() -> tuple[int, int]:
    """The child's number and a descriptor that tells its end; twice 0 in the child. Raises OSError, and leaves none."""
    child = os.fork()
    if child == 0:
        return 0, 0
    try:
        return child, os.pidfd_open(child)
    except OSError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


def become(order: dict[str, Any]) -> None:
    """What `python -m` does, in a session of its own, with its own log and environment."""
    os.setsid()
    log = os.open(order["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = list(order["words"])
    show_as([sys.executable, "-P", "-m", *sys.argv])
    sys.modules.pop(sys.argv[0], None)  # it was imported, and is run once more as the main module
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def show_as(words: list[str]) -> None:
    """Let `ps` tell the parts apart: the command line is memory of the process, which may write it anew."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    line = "\0".join(words).encode()[: end - start - 1]
    ctypes.memmove(start, line.ljust(end - start, b"\0"), end - start)


if __name__ == "__main__":
    main()
