from pathlib import Path

from gse_platform.requirements import what_is_wrong

HASHED = "--hash=sha256:" + "0" * 64


def test_a_lock_that_holds_every_wish_with_hashes_is_fresh(tmp_path: Path) -> None:
    repository = laid_out(tmp_path, ["thing>=2,<3", "gse-contracts"], f"thing==2.1 \\\n    {HASHED}\n")

    assert what_is_wrong(repository) == []


def test_a_wish_that_is_not_locked_or_locked_at_another_version_is_named(tmp_path: Path) -> None:
    repository = laid_out(tmp_path, ["thing>=3", "other"], f"thing==2.1 \\\n    {HASHED}\n")

    assert what_is_wrong(repository) == [
        "services/one/pyproject.toml asks for thing>=3, but 2.1 is locked: run ./gse lock",
        "services/one/pyproject.toml asks for other, which is not locked: run ./gse lock",
    ]


def test_an_entry_without_a_hash_and_an_address_are_named(tmp_path: Path) -> None:
    lock = f"# from https://packages.example/simple\nthing==2.1\nother==1 ; python_version > '3' \\\n    {HASHED}\n"
    repository = laid_out(tmp_path, ["thing"], lock)

    assert what_is_wrong(repository) == [
        "the lock names an address: # from https://packages.example/simple",
        "thing==2.1 has no hash",
    ]


def laid_out(folder: Path, wishes: list[str], lock: str) -> Path:
    project = folder / "services" / "one"
    project.mkdir(parents=True)
    project.joinpath("pyproject.toml").write_text(f"[project]\nname = 'one'\ndependencies = {wishes}\n")
    (folder / "requirements.in").write_text("# nothing more\n")
    (folder / "requirements.lock").write_text(lock)
    return folder
