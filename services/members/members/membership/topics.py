"""The agreed lists of interests and skills, and what a member says in words of their own beside them.

The lists are data (`topics.json`): a code, what people read, and other words for the same. They name fields of work
and nothing that a person is. A code is never given a second meaning; a word that is taken off becomes a word of the
members' own.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

Kind = Literal["interests", "skills"]

LISTS: Final[Mapping[Kind, Mapping[str, list[str]]]] = json.loads(Path(__file__).with_name("topics.json").read_text())
LABELS: Final[Mapping[Kind, Mapping[str, str]]] = {
    kind: {code: words[0] for code, words in its.items()} for kind, its in LISTS.items()
}
_CODES: Final[Mapping[Kind, Mapping[str, str]]] = {
    kind: {word.casefold(): code for code, words in its.items() for word in (code, *words)}
    for kind, its in LISTS.items()
}


def code_of(kind: Kind, item: str) -> str | None:
    """The code of what somebody wrote, if it is on the list."""
    return _CODES[kind].get(item.casefold())


def codes_of(kind: Kind, items: Iterable[str]) -> tuple[str, ...]:
    """The codes of those that are on the list, each once, in order of the alphabet."""
    return tuple(sorted({code for item in items if (code := code_of(kind, item)) is not None}))


def own_words(kind: Kind, items: Iterable[str]) -> list[str]:
    """Those that are not on the list, as they were written."""
    return [item for item in items if code_of(kind, item) is None]


def as_read(kind: Kind, codes_and_words: Iterable[str]) -> list[str]:
    """What people read: of a code its label, of any other word the word itself."""
    return [LABELS[kind].get(its, its) for its in codes_and_words]
