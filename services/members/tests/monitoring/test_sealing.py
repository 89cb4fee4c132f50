"""How restricted rows are named and sealed."""

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from members.monitoring.sealing import Vault

ADA = UUID("5f0c0d5e-0000-4000-8000-000000000001")
BEN = UUID("5f0c0d5e-0000-4000-8000-000000000002")
OURS, OTHER = Vault(bytes(32)), Vault(bytes(31) + b"\1")


def test_a_member_has_one_name_under_a_key_which_no_other_member_and_no_other_key_has() -> None:
    assert OURS.name(ADA) == OURS.name(ADA)
    assert len({OURS.name(ADA), OURS.name(BEN), OTHER.name(ADA)}) == 3
    assert len(OURS.name(ADA)) == 32


def test_what_is_sealed_is_opened_under_its_own_name_and_key_alone() -> None:
    sealed = OURS.seal(OURS.name(ADA), {"sex": "female"})

    assert OURS.open(OURS.name(ADA), sealed) == {"sex": "female"}
    for vault, name in ((OURS, OURS.name(BEN)), (OTHER, OURS.name(ADA))):
        with pytest.raises(InvalidTag):
            vault.open(name, sealed)


def test_every_sealed_text_is_of_one_length_and_unlike_every_other() -> None:
    few, many = OURS.seal(b"a", {}), OURS.seal(b"a", {"religion": "any-other", "ethnicity": "white"})

    assert len(few) == len(many) == 12 + 512 + 16
    assert OURS.seal(b"a", {}) != few


def test_more_than_every_row_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than every row is"):
        OURS.seal(b"a", {"words": "x" * 512})


@pytest.mark.parametrize("text", ["", "00" * 31, "secret words", "00" * 33])
def test_a_key_of_another_length_ends_the_start_and_is_not_in_the_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)

    with pytest.raises(ValueError, match=r"^the monitoring key is 32 bytes, as 64 hexadecimal digits$") as refused:
        Vault.load(tmp_path / "key")
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 32 + "\n")

    assert Vault.load(tmp_path / "key").name(ADA) == OURS.name(ADA)
