"""Compares what services say now with every release: each reads what the other says, whichever of them is older.

python -m contracts.compatibility                   says what is wrong, and exits with 1 if anything is
python -m contracts.compatibility release 2026.11   keeps today's schemas as those of a release, for good

A released schema is a copy that is never edited or deleted. A type may gain optional properties; every other change
is a new version, said beside the old one. Titles and descriptions are free.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from contracts.generate import SCHEMAS, schema_files

Schema = Mapping[str, Any]
RELEASED: Final = Path(__file__).parent / "released"
NAME: Final = re.compile(r"[0-9]{4}\.[0-9]{2}(\.[0-9]+)?")
WORDS: Final = {"x-visibility": "its class", "x-subject": "its subject", "x-type": "its type"}
OF_A_PLACE: Final = frozenset({*WORDS, "default"})
"""What stands beside the alternatives of a place, and is not part of any of them."""
SAYS_NOTHING: Final = frozenset({"$schema", "$defs", "title", "description", "examples"})
DATA: Final = frozenset({"enum", "const", "default", "required"})
"""Keywords that hold values, not schemas."""
COMPARED_APART: Final = frozenset({"properties", "required", "enum", "items"})
NULL: Final = {"type": "null"}


def current() -> dict[str, Schema]:
    """Today's schemas by their place below `schemas/`, such as `members/MemberJoined.v1.json`."""
    return {path.relative_to(SCHEMAS).as_posix(): json.loads(text) for path, text in schema_files().items()}


def releases(folder: Path = RELEASED) -> dict[str, dict[str, Schema]]:
    """The schemas of every release, by its name."""
    kept = sorted(its for its in folder.iterdir() if NAME.fullmatch(its.name)) if folder.exists() else []
    return {
        its.name: {
            path.relative_to(its).as_posix(): json.loads(path.read_text()) for path in sorted(its.rglob("*.json"))
        }
        for its in kept
    }


def what_is_wrong(now: Mapping[str, Schema], released: Mapping[str, Mapping[str, Schema]]) -> list[str]:
    """A sentence for each thing that a reader or a sender of some release could not live with."""
    wrong = []
    for release, schemas in released.items():
        for name, old in schemas.items():
            if name not in now:
                wrong.append(
                    f"{name} was released in {release} and is gone: it is said and heard as long as it is kept"
                )
            else:
                wrong += [f"{name} against {release}: {sentence}" for sentence in differences(old, now[name])]
    return wrong


def differences(old: Schema, new: Schema) -> list[str]:
    """What may not differ between two schemas of one type, a sentence each; nothing when each reads the other."""
    return list(_differ(_inlined(old, old), _inlined(new, new), ""))


def _differ(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """The differences of two schemas without references, at one place in a body."""
    yield from _keywords(old, new, OF_A_PLACE, path)
    before, after = _alternatives(old), _alternatives(new)
    if NULL in before and NULL not in after:
        yield _at(path, "it may not be null any more")
    if NULL in after and NULL not in before:
        yield _at(path, "it may now be null")
    before, after = [its for its in before if its != NULL], [its for its in after if its != NULL]
    if len(before) == len(after) == 1:
        yield from _differ_in_kind(before[0], after[0], path)
        return
    yield from (_at(path, f"it may not be {_text(its)} any more") for its in before if its not in after)
    yield from (_at(path, f"it may now be {_text(its)}") for its in after if its not in before)


def _alternatives(its: Schema) -> list[Schema]:
    """What may stand at a place. Most often that is one thing, or it and null."""
    alone = {keyword: value for keyword, value in its.items() if keyword not in OF_A_PLACE}
    return list(alone["anyOf"]) if alone.keys() == {"anyOf"} else [alone]


def _differ_in_kind(old: Schema, new: Schema, path: str) -> Iterator[str]:
    yield from _keywords(old, new, (old.keys() | new.keys()) - OF_A_PLACE - COMPARED_APART, path)
    if "enum" in old and "enum" in new:
        # An old reader would refuse a value that is new, a new reader one that is gone.
        yield from (_at(path, f"the value {_text(its)} is gone") for its in old["enum"] if its not in new["enum"])
        yield from (_at(path, f"the value {_text(its)} is new") for its in new["enum"] if its not in old["enum"])
    else:
        yield from _keywords(old, new, {"enum"}, path)
    if "items" in old and "items" in new:
        yield from _differ(old["items"], new["items"], f"{path}[]")
    else:
        yield from _keywords(old, new, {"items"}, path)
    yield from _properties(old, new, path)


def _keywords(old: Schema, new: Schema, which: AbstractSet[str], path: str) -> Iterator[str]:
    for keyword in sorted(which):
        if _told(old, keyword) != _told(new, keyword):
            words = WORDS.get(keyword, keyword)
            yield _at(path, f"{words} was {_told(old, keyword)} and is {_told(new, keyword)}")


def _at(path: str, sentence: str) -> str:
    return f"{path}: {sentence}" if path else sentence


def _properties(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
    for name in {**before, **after}:
        place = f"{path}.{name}" if path else name
        if name not in after:
            yield f"{place} is gone"
        elif name not in before:
            if name in is_required:
                yield f"{place} is new and required: only an optional property may be added"
        else:
            yield from _differ(before[name], after[name], place)
            if (name in was_required) != (name in is_required):
                yield f"{place} was {_need(name in was_required)} and is {_need(name in is_required)}"


def _need(required: bool) -> str:  # noqa: FBT001 (a word for a yes or no)
    return "required" if required else "optional"


def _inlined(part: Any, schema: Schema, within: tuple[str, ...] = ()) -> Any:
    """The same without references and words about it, and one way of writing what can be written in two."""
    if isinstance(part, list):
        return [_inlined(each, schema, within) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = part["$ref"].removeprefix("#/$defs/")
        if target in within:
            raise ValueError(f"{target} refers to itself, and such a schema cannot be compared")
        beside = {keyword: value for keyword, value in part.items() if keyword != "$ref"}
        return _inlined(schema["$defs"][target], schema, (*within, target)) | _inlined(beside, schema, within)
    plain = {
        keyword: _inlined_keyword(keyword, value, schema, within)
        for keyword, value in part.items()
        if keyword not in SAYS_NOTHING
    }
    if "const" in plain:  # an enumeration of one
        plain["enum"] = [plain.pop("const")]
    return plain


def _inlined_keyword(keyword: str, value: Any, schema: Schema, within: tuple[str, ...]) -> Any:
    if keyword == "properties":
        return {name: _inlined(its, schema, within) for name, its in value.items()}
    if keyword in {"enum", "required"}:
        return sorted(value, key=_text)
    return value if keyword in DATA else _inlined(value, schema, within)


def _told(its: Schema, keyword: str) -> str:
    return _text(its[keyword]) if keyword in its else "not there"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def release(name: str, folder: Path = RELEASED) -> list[str]:
    """Keep today's schemas as those of a release. Gives what stands against it, and then keeps nothing."""
    if not NAME.fullmatch(name):
        return [f"{name} is no name for a release: write the year and the month, such as 2026.11, or 2026.11.2"]
    if (folder / name).exists():
        return [f"{name} is released already: released schemas are never changed"]
    wrong = what_is_wrong(current(), releases(folder))
    if not wrong:
        half = folder / f"{name}.half"  # no release yet, should we be stopped
        shutil.rmtree(half, ignore_errors=True)
        for path, text in schema_files().items():
            copy = half / path.relative_to(SCHEMAS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text)
        half.replace(folder / name)
    return wrong


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            wrong = what_is_wrong(current(), releases())
        case ["release", name]:
            wrong = release(name)
        case _:
            wrong = ["Write python -m contracts.compatibility, or python -m contracts.compatibility release 2026.11"]
    for sentence in wrong:
        print(sentence)  # noqa: T201 - a command
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
