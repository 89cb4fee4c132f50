"""What is wrong with one field, in a sentence that says how to mend it and repeats nothing that was sent.

Pydantic's own messages are for programmers, and some hold the input; so each kind of error has a sentence here. A
validator of ours speaks for itself: the text of its `ValueError` is taken, unless it quotes the input.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import AfterValidator

GENERIC = "Enter a valid value"
SENTENCES: Mapping[str, str] = {
    "missing": "Enter a value",
    "string_too_short": "Enter at least {min_length} characters",
    "string_too_long": "Enter {max_length} characters or fewer",
    "too_short": "Give at least {min_length}",
    "too_long": "Give {max_length} at most",
    "greater_than": "Enter a number greater than {gt}",
    "greater_than_equal": "Enter {ge} or more",
    "less_than": "Enter a number less than {lt}",
    "less_than_equal": "Enter {le} or less",
    "multiple_of": "Enter a multiple of {multiple_of}",
    "literal_error": "Choose one of {expected}",
    "enum": "Choose one of {expected}",
    "extra_forbidden": "This field is not known",
    "json_invalid": "The body is not valid JSON",
    "string_type": "Enter text",
    "int_type": "Enter a whole number",
    "int_parsing": "Enter a whole number",
    "int_from_float": "Enter a whole number",
    "float_parsing": "Enter a number",
    "bool_parsing": "Enter true or false",
    "list_type": "Give a list",
    "dict_type": "Give an object",
    "model_attributes_type": "Give an object",
    "uuid_parsing": "Enter a UUID",
    "uuid_type": "Enter a UUID",
    "date_parsing": "Enter a date, such as 2027-02-11",
    "date_from_datetime_parsing": "Enter a date, such as 2027-02-11",
    "datetime_parsing": "Enter a date and time, such as 2027-02-11T14:00:00Z",
    "datetime_from_date_parsing": "Enter a date and time, such as 2027-02-11T14:00:00Z",
    "timezone_aware": "Enter a time with its zone, such as 2027-02-11T14:00:00Z",
    "email": "Enter an email address in the correct format, like name@example.com",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # tabs and ends of lines are as people write
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PARTS_OF_A_REQUEST = ("body", "query", "path", "header", "cookie")
_QUOTABLE = 4  # letters; a shorter value may well be a word of the sentence


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("Enter a value")
    if _CONTROL.search(text.strip()):
        raise ValueError("Write this on one line, without control characters")
    return text.strip()


def _lines(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if _CONTROL_IN_LINES.search(text):
        raise ValueError("Write this in words, without control characters")
    return text


ONE_LINE: Final = AfterValidator(_one_line)
"""For a field that holds some words: `Annotated[str, StringConstraints(max_length=300), ONE_LINE]`. Blanks go."""
LINES: Final = AfterValidator(_lines)
"""For a field that holds some lines of words, as a browser sends them or not; it may be empty. Blanks around it go."""


@dataclass(frozen=True)
class FieldSentence:
    """A field and what to do about it."""

    field: str
    sentence: str
    kind: str = ""
    """Pydantic's name of the error, `missing`; empty where a rule of ours said no."""


def field_sentences(errors: Iterable[Mapping[str, Any]]) -> tuple[FieldSentence, ...]:
    """From `ValidationError.errors()` or `RequestValidationError.errors()`; the first error of each field."""
    found: dict[str, FieldSentence] = {}
    for error in errors:
        name, kind = field_of(error["loc"]), kind_of(error)
        found.setdefault(name, FieldSentence(name, _sentence(kind, error), kind))
    return tuple(found.values())


def field_of(loc: Sequence[str | int]) -> str:
    """`("body", "interests", 3)` is `interests.3`; keys that a client made up are not repeated."""
    parts = loc[1:] if loc and loc[0] in _PARTS_OF_A_REQUEST else loc
    return ".".join(str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "-" for part in parts) or "body"


def kind_of(error: Mapping[str, Any]) -> str:
    """Pydantic's kind, where an empty answer counts as none and a malformed address has a kind of its own."""
    kind = str(error["type"])
    context = error.get("ctx", {})
    if kind in ("string_too_short", "too_short") and not error.get("input"):
        return "missing"
    if kind == "value_error" and "reason" in context:
        return "email"
    return kind


def _sentence(kind: str, error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    if kind == "value_error" and isinstance(context.get("error"), ValueError):
        own = str(context["error"])
        return GENERIC if not own or _quotes(own, error.get("input")) else own
    if isinstance(expected := context.get("expected"), str):
        context = {"expected": expected.replace("'", "")}
    try:
        return SENTENCES.get(kind, GENERIC).format_map(context)
    except KeyError:
        return GENERIC


def _quotes(sentence: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_quotes(sentence, part) for part in value.values())
    if isinstance(value, (list, tuple, set)):
        return any(_quotes(sentence, part) for part in value)
    if isinstance(value, str) and repr(value) in sentence:
        return True
    return value is not None and len(str(value)) >= _QUOTABLE and str(value) in sentence
