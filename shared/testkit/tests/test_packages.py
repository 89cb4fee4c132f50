"""Java, Kafka and PostgreSQL as packages, and the sentences when they cannot be had."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.jars import Package, fetch, kafka_jars, listed
from testkit.java import find_java, version_of
from testkit.progress import silent
from testkit.unavailable import Unavailable, cannot_write

CONTENT = b"a jar"
NAME = "org.example:thing:1.0"


def java_that_says(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture
def own_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has fetched one package with Maven before."""
    monkeypatch.setenv("HOME", str(tmp_path))
    jar = tmp_path / ".m2/repository/org/example/thing/1.0/thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    return tmp_path


def test_the_java_of_java_home_comes_before_the_one_on_the_path(tmp_path: Path) -> None:
    named, found = java_that_says(tmp_path / "named", "21.0.1"), java_that_says(tmp_path / "found", "17.0.15")
    path = str(found.parent) + ":/bin:/usr/bin"
    assert find_java(env={"JAVA_HOME": str(tmp_path / "named"), "PATH": path}) == named


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old, new = java_that_says(tmp_path / "old", "11.0.2"), java_that_says(tmp_path / "new", "17.0.15")
    assert version_of(old) == 11
    assert find_java(env={"JAVA_HOME": str(tmp_path / "old"), "PATH": str(new.parent)}) == new


def test_a_missing_java_that_cannot_be_fetched_is_a_sentence(tmp_path: Path) -> None:
    env = {"PATH": "", "GSE_CACHE": str(tmp_path), "PIP_NO_INDEX": "1"}
    with pytest.raises(Unavailable, match=r"No Java 17 here, and fetching one failed .*Install Java 17 or newer"):
        find_java(env=env)
    assert [left.name for left in tmp_path.iterdir()] == [".lock"]


def test_a_package_is_taken_when_its_hash_is_the_committed_one(own_repository: Path) -> None:
    package = Package(NAME, hashlib.sha256(CONTENT).hexdigest())
    (file,) = fetch([package], own_repository / "fetched", silent, "Fetching a thing")
    assert file.read_bytes() == CONTENT


def test_a_package_with_another_hash_is_refused(own_repository: Path) -> None:
    with pytest.raises(Unavailable, match=r"org.example:thing:1.0 is not the one this project was tested with"):
        fetch([Package(NAME, "0" * 64)], own_repository / "fetched", silent, "Fetching a thing")


def test_every_listed_package_has_a_hash_and_an_exact_version() -> None:
    lists = Path(sys.modules[Package.__module__].__file__ or "").parent.glob("*.jars")
    packages = [package for file in lists for package in listed(file)]
    assert len(packages) == 55
    assert all(len(package.sha256) == 64 and package.coordinates.count(":") == 2 for package in packages)


def test_a_registry_that_does_not_answer_is_a_sentence_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    env = os.environ | {
        "GSE_CACHE": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    program = "from testkit.jars import *\ntry: kafka_jars()\nexcept Unavailable as sentence: print(sentence)"
    said = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout
    assert said.startswith("The registry of Java packages does not answer (ProxyError for ")
    assert said.endswith("check the network or the proxy settings, then start again.\n")
    assert [left.name for left in (tmp_path / "cache").iterdir()] == [".lock"]


def test_what_is_fetched_once_is_not_fetched_again() -> None:
    said: list[str] = []
    first = kafka_jars()
    assert kafka_jars(said.append) == first
    assert said == []


def test_a_full_disk_is_a_sentence() -> None:
    full = cannot_write(Path("/somewhere"), OSError(errno.ENOSPC, "No space left on device"))
    many = cannot_write(Path("/somewhere"), shutil.Error([("from", "to", "[Errno 28] No space left on device")]))
    assert str(full) == "The disk that holds /somewhere is full: free at least 512 MB there, then start again."
    assert str(many) == str(full)


def test_a_folder_that_may_not_be_written_is_a_sentence() -> None:
    denied = cannot_write(Path("/somewhere"), OSError(errno.EACCES, "Permission denied"))
    assert str(denied) == (
        "/somewhere cannot be used (Permission denied): choose another folder or mend its permissions."
    )
