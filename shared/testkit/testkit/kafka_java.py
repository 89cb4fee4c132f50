"""The Java command line for Kafka's programs, and the archive of loaded classes that halves a broker's start."""

import contextlib
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testkit.cache import cache_folder, locked
from testkit.jars import kafka_jars
from testkit.java import find_java
from testkit.progress import Progress

LOGGING = Path(__file__).with_name("log4j2.properties")
# Quick to start rather than quick after an hour: the simple compiler and collector take a third off the start.
# And small while nothing happens: the heap begins at 32 MB, not at a sixty-fourth of the machine, and grows as needed.
QUICK = ("-Xms32m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")


@dataclass(frozen=True)
class Programs:
    """A Java and Kafka's jars."""

    java: Path
    jars: Path

    def command(self, home: Path, *program: str | Path) -> list[str]:
        """Any of Kafka's programs; the first broker that is stopped in order writes the archive, all others use it."""
        scratch = home / "tmp"
        scratch.mkdir(exist_ok=True)
        path = ":".join(str(jar) for jar in sorted(self.jars.glob("*.jar")))
        return [
            str(self.java),
            *QUICK,
            *self._sharing(scratch, writes="kafka.Kafka" in program),
            "-XX:-UsePerfData",  # no files of ours in the machine's /tmp
            f"-Djava.io.tmpdir={scratch}",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={LOGGING}",
            "-cp",
            path,
            *map(str, program),
        ]

    def _sharing(self, scratch: Path, *, writes: bool) -> list[str]:
        archive, base = self._archive(), _base_archive(self.java)
        if archive.exists():
            return [f"-XX:SharedArchiveFile={base}:{archive}" if base else f"-XX:SharedArchiveFile={archive}"]
        own = [f"-XX:SharedArchiveFile={base}"] if base else []
        return [*own, f"-XX:ArchiveClassesAtExit={scratch / archive.name}"] if writes else own

    def _archive(self) -> Path:
        """Where the classes that a broker loads are kept; the name changes with Java and with the jars."""
        about = self.java.resolve().stat()
        key = f"{self.java.resolve()} {about.st_size} {about.st_mtime_ns} {self.jars} {QUICK}"
        return cache_folder() / f"classes-{hashlib.sha256(key.encode()).hexdigest()[:12]}.jsa"


def programs(progress: Progress) -> Programs:
    return Programs(java=find_java(progress=progress), jars=kafka_jars(progress))


def keep_archive(home: Path) -> None:
    """Shares what a stopped broker wrote; without it the next start is a second slower and nothing else."""
    for made in (home / "tmp").glob("classes-*.jsa"):
        with contextlib.suppress(OSError):
            half = cache_folder() / f"{made.name}.{home.stat().st_ino}"
            half.write_bytes(made.read_bytes())
            half.replace(cache_folder() / made.name)
            made.unlink()


def _base_archive(java: Path) -> Path | None:
    """A Java that was cut to size comes without an archive of its own classes, and needs one below ours."""
    runtime = java.resolve().parent.parent
    if (runtime / "lib" / "server" / "classes.jsa").exists():
        return None
    about = java.resolve().stat()
    base = cache_folder() / f"java-{about.st_size}-{about.st_mtime_ns}.jsa"
    with locked():
        if not base.exists():
            half = base.with_suffix(".half")
            command = [str(java), *QUICK, "-Xshare:dump", f"-XX:SharedArchiveFile={half}"]
            done = subprocess.run(command, capture_output=True, timeout=120, check=False)
            if done.returncode != 0 or not half.exists():
                return None
            half.replace(base)
    return base
