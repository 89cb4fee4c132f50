"""The folder of fetched programs: shared by all homes and test sessions of a user, and safe to delete."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from testkit.unavailable import in_words


def cache_folder(env: Mapping[str, str] = os.environ) -> Path:
    """GSE_CACHE, or gse in the user's cache folder."""
    chosen = env.get("GSE_CACHE")
    folder = Path(chosen).absolute() if chosen else Path.home() / ".cache" / "gse"
    with in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """One process at a time adds to the cache; the lock goes with the process that holds it."""
    folder = cache_folder(env)
    with in_words(folder):
        lock = (folder / ".lock").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for half_made in folder.glob("making-*"):  # by a process that was killed, or it would hold the lock
            shutil.rmtree(half_made, ignore_errors=True)
        yield
