"""Where PostgreSQL's data may live, and as whom it runs: it refuses root, and others cannot enter root's folders."""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from stat import S_IXGRP, S_IXOTH, S_IXUSR

from testkit.children import User
from testkit.homes import corrupt
from testkit.unavailable import Unavailable, require_space

OUTSIDE = Path("/var/tmp")  # noqa: S108 - only to make folders with names of their own in it


@dataclass(frozen=True)
class Place:
    """A folder that the server's user owns, and programs that it can reach."""

    folder: Path
    programs: Path
    user: User | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self, file: Path, text: str) -> None:
        """A file that only the server's user reads."""
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(text)
        if self.user is not None:
            os.chown(file, self.user.uid, self.user.gid)


def place_for(home: Path, programs: Path, *, folder: str | None) -> Place:
    """The remembered folder, else `home/postgres`, else a fresh one under /var/tmp."""
    user = _lesser_user() if os.getuid() == 0 else None
    if folder is not None:
        chosen = Path(folder)
        if not chosen.is_dir():
            raise corrupt(home, f"its PostgreSQL folder {chosen} is gone")
    else:
        chosen = _new_folder(home, user)
    if user is not None and not _reachable(programs, user):
        programs = _copy(programs, chosen / "programs")
    return Place(folder=chosen, programs=programs, user=user)


def _new_folder(home: Path, user: User | None) -> Path:
    if user is not None and not _reachable(home, user):
        require_space(OUTSIDE)
        folder = Path(tempfile.mkdtemp(prefix="gse-postgres-", dir=OUTSIDE))
    else:
        folder = home / "postgres"
        folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    return folder


def _copy(programs: Path, to: Path) -> Path:
    """Whole or not at all; a later version of the programs gets a folder of its own name."""
    copy = to / programs.name
    if not copy.exists():
        half = to / "half"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(programs, half, symlinks=True, copy_function=_link)
        half.rename(copy)
    return copy


def _link(source: str, target: str) -> None:
    """The same file under a path that the server's user can walk; a copy where the disk is another one."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target, follow_symlinks=False)


def _lesser_user() -> User:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise Unavailable("PostgreSQL does not run as root and there is no user nobody: run this as another user.")


def _reachable(folder: Path, user: User) -> bool:
    """Whether that user may walk through every folder on the way, and into this one."""
    for step in [folder.resolve(), *folder.resolve().parents]:
        about = step.stat()
        needed = S_IXUSR if about.st_uid == user.uid else S_IXGRP if about.st_gid == user.gid else S_IXOTH
        if not about.st_mode & needed:
            return False
    return True
