"""Runs first in each child process, then becomes the program: see children.py. Standard library only.

Arguments: parent's pid, signal on its death, "uid:gid" to become or "-", then the program and its arguments.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, death: int) -> bool:
    """Ask the kernel for a signal at the parent's end. False when the parent has ended meanwhile."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death, 0, 0, 0)
    return os.getppid() == parent


def guard(parent: int, death: int, command: list[str]) -> int:
    """Where the kernel cannot tell of a parent's death, this process stays and watches it."""
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != parent:
            child.send_signal(death)
        time.sleep(0.1)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def main(arguments: list[str]) -> int:
    parent, death, user, *command = arguments
    tells = sys.platform == "linux"
    if tells:
        ctypes.CDLL(None)  # before giving up rights to read it
    if user != "-":
        become(user)
    if not tells:
        return guard(int(parent), int(death), command)
    # After the change of user: that clears the wish.
    if not die_with(int(parent), int(death)):
        return 1
    os.execvp(command[0], command)  # noqa: S606 - becoming another program without a shell is the purpose
    raise AssertionError("execvp does not return")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
