"""The one error of this package that is meant for people."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


class Unavailable(Exception):  # noqa: N818 - it reads as what it says: the broker, the store or Java is unavailable
    """Something outside cannot be had. The text is a sentence that says what is missing and what to do about it."""


NEEDED_BYTES = 512 * 1024 * 1024


def require_space(folder: Path) -> None:
    """Refuses before a broker or a store finds out half-way that the disk is full."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise disk_full(folder)


def disk_full(folder: Path) -> Unavailable:
    needed = NEEDED_BYTES // 1024 // 1024
    return Unavailable(f"The disk that holds {folder} is full: free at least {needed} MB there, then start again.")


def cannot_write(folder: Path, error: OSError) -> Unavailable:
    """What an operating system error at a folder means to a person."""
    # Copying many files raises one error that has no number, only a text for each of them.
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in str(error):
        return disk_full(folder)
    reason = error.strerror or type(error).__name__
    return Unavailable(f"{folder} cannot be used ({reason}): choose another folder or mend its permissions.")


@contextlib.contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """For a block that works on a folder: what the operating system refuses there becomes a sentence."""
    try:
        yield
    except ConnectionError:  # an OSError too, but not about the folder
        raise
    except OSError as error:
        raise cannot_write(folder, error) from error
