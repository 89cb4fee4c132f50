"""Writes what is derived: the JSON Schemas, the catalogue of events in the README, and who hears which stream.

python -m contracts.generate            writes them
python -m contracts.generate --check    says what is out of date, and exits with 1 if anything is
"""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.base import DomainEvent, Visibility
from contracts.catalogue import EVENTS
from contracts.streams import SERVICES
from contracts.subjects import SUBJECTS

SCHEMAS = Path(__file__).parent / "schemas"
HEARD = Path(__file__).with_name("heard.json")
HOUSE = Path(__file__).parents[3]
BEGIN, END = "<!-- catalogue: generated -->", "<!-- end of catalogue -->"


def schema_of(event: type[DomainEvent], *, public: bool) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event's body in full, or of what other departments see of it."""
    schema = event.model_json_schema(mode="serialization")
    fields = event.public_fields() if public else frozenset(event.model_fields)
    properties = {
        name: {**its, "x-visibility": str(event.classes[name])}
        for name, its in schema["properties"].items()
        if name in fields
    }
    definitions = _used(properties, schema.get("$defs", {}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.event_name,
        "description": schema["description"],
        "type": "object",
        "properties": properties,
        "required": [name for name in schema.get("required", []) if name in fields],
        "x-type": event.type_name(),
        "x-visibility": str(Visibility.PUBLIC if public else event.visibility),
        "x-subject": SUBJECTS[event.event_name],
        **({"$defs": definitions} if definitions else {}),
    }


def _used(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Of the definitions those that `part` needs, and those that these need in turn, in the order they came."""
    needed, text = set[str](), json.dumps(part)
    while more := {name for name in definitions if f'"#/$defs/{name}"' in text} - needed:
        needed |= more
        text = json.dumps([definitions[name] for name in more])
    return {name: its for name, its in definitions.items() if name in needed}


def schema_files() -> dict[Path, str]:
    """Every schema file as it should stand."""
    files = {}
    for event in EVENTS:
        for public in (False, True) if event.public_fields() else (False,):
            path = SCHEMAS / f"{event.schema_name()}{'.public' if public else ''}.json"
            files[path] = json.dumps(schema_of(event, public=public), indent=2, ensure_ascii=False) + "\n"
    return files


def reactions() -> dict[str, list[str]]:
    """For each event by its class's name, what reacts to it: from the subscriptions in each service's app.py."""
    found: dict[str, list[str]] = {}
    for service, subscription in _subscriptions():
        for event, reaction in {**subscription.reactions, **subscription.in_sets}.items():
            found.setdefault(event.__name__, []).append(f"{service}: {reaction.__name__}")
    return found


def heard() -> dict[str, list[str]]:
    """For each service the streams that it hears, from the same subscriptions."""
    found: dict[str, set[str]] = {service: set() for service in SERVICES}
    for service, subscription in _subscriptions():
        found[service].add(subscription.stream)
    return {service: sorted(streams) for service, streams in found.items()}


def _subscriptions() -> Iterator[tuple[str, Any]]:
    """Each with its service. Contracts know no service, so these are only asked when something is generated."""
    for service in sorted(SERVICES):
        for its in vars(importlib.import_module(f"{service}.app")).values():
            if type(its).__name__ == "Subscription":
                yield service, its


def catalogue() -> str:
    """The table of events for the README."""
    who_reacts = reactions()
    rows = ["| event | class | said by, when | reactions |", "|---|---|---|---|"]
    for event in EVENTS:
        when = " ".join((event.__doc__ or "").split())
        reacting = ", ".join(
            f"{its.split(': ')[0]} `{its.split(': ')[1]}`" for its in who_reacts.get(event.__name__, [])
        )
        rows.append(f"| `{event.event_name}` | {event.visibility} | {event.service}: {when} | {reacting or '-'} |")
    return "\n".join(rows)


def readme(house: Path = HOUSE) -> str:
    """The README with a fresh catalogue between its two marks."""
    text = (house / "README.md").read_text()
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{catalogue()}\n{END}{after}"


def main(*, check: bool) -> int:
    wanted = {**schema_files(), HEARD: json.dumps(heard(), indent=2) + "\n", HOUSE / "README.md": readme()}
    extra = set(SCHEMAS.rglob("*.json")) - set(wanted)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if check:
        for path in [*stale, *extra]:
            print(f"{path.relative_to(HOUSE)} is out of date: run python -m contracts.generate")  # noqa: T201 - a command
        return 1 if stale or extra else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    for path in extra:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
