"""Tokens, marks and sealed answers."""

from uuid import UUID

import pytest
from joserfc.errors import JoseError

from members.feedback import secrecy
from members.feedback.domain import FeedbackGiven, Rating

KEY = b"k" * 32
ROUND = UUID("00000000-0000-4000-8000-000000000001")
OTHER_ROUND = UUID("00000000-0000-4000-8000-000000000002")
ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
SHORT = FeedbackGiven(Rating.WELL, (), None)


def test_a_token_is_known_as_its_rounds_own_however_it_is_typed() -> None:
    token = secrecy.mint(KEY, ROUND)

    assert [len(part) for part in token.split("-")] == [4] * 8
    kept = secrecy.spent(KEY, ROUND, token)
    assert kept is not None
    assert len(kept) == 32
    for typed in (token.upper(), token.replace("-", ""), f" {token.replace('-', ' ')} "):
        assert secrecy.spent(KEY, ROUND, typed) == kept


def test_tokens_differ() -> None:
    assert len({secrecy.mint(KEY, ROUND) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("typed", ["", "a", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa", "é" * 32, "1" * 32, "a" * 99])
def test_what_is_no_token_is_none(typed: str) -> None:
    assert secrecy.spent(KEY, ROUND, typed) is None


def test_a_token_of_another_round_or_key_and_one_with_a_letter_changed_are_none() -> None:
    token = secrecy.mint(KEY, ROUND)
    changed = [token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :] for at in range(0, 39, 5)]

    assert secrecy.spent(KEY, OTHER_ROUND, token) is None
    assert secrecy.spent(b"o" * 32, ROUND, token) is None
    assert [secrecy.spent(KEY, ROUND, each) for each in changed] == [None] * 8


def test_a_mark_is_the_members_in_one_round_and_under_one_key() -> None:
    marks = {
        secrecy.mark(key, round_id, member)
        for key in (KEY, b"o" * 32)
        for round_id in (ROUND, OTHER_ROUND)
        for member in (ADA, BEN)
    }

    assert len(marks) == 8
    assert secrecy.mark(KEY, ROUND, ADA) == secrecy.mark(KEY, ROUND, ADA)


@pytest.mark.parametrize(
    "given",
    [
        SHORT,
        FeedbackGiven(Rating.NOT_AT_ALL, ("EO", "MOD"), "Late.\n“Never”\tagain."),
        FeedbackGiven(Rating.CANNOT_SAY, ("X" * 32,) * 8, "🧪" * 1000),
        FeedbackGiven(Rating.CANNOT_SAY, ("X" * 32,) * 8, '\n"' * 500),
    ],
)
def test_every_answer_is_sealed_to_one_length_and_opened_as_it_was(given: FeedbackGiven) -> None:
    sealed = secrecy.seal(KEY, ROUND, given)

    assert len(sealed) == len(secrecy.seal(KEY, ROUND, SHORT))
    assert secrecy.open_sealed(KEY, ROUND, sealed) == given
    assert sealed != secrecy.seal(KEY, ROUND, given)


def test_what_was_sealed_with_another_key_or_for_another_round_is_not_opened() -> None:
    sealed = secrecy.seal(KEY, ROUND, SHORT)

    for key, round_id in ((b"o" * 32, ROUND), (KEY, OTHER_ROUND)):
        with pytest.raises(JoseError):
            secrecy.open_sealed(key, round_id, sealed)
