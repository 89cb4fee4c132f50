"""For tests of a service: what its OpenAPI document says that it takes, with a character that no text may hold.

    assert await not_told(client, service.openapi(), signed_in("team", "member", member_id=ADA)) == []

PostgreSQL keeps no NUL in a text, so one that gets as far as a statement would be answered 500.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from httpx2 import AsyncClient

NUL: Final = "\x00"
IDS: Final = "00000000-0000-4000-8000-0000000000ff"
OF_FORMAT: Final = {
    "uuid": IDS,
    "date": "2027-02-11",
    "date-time": "2027-02-11T14:00:00Z",
    "email": "ada@example.org",
}
OF_PATTERN: Final = ("A", "a", "https://example.org", "2027-Q1", "2027", "a reason to do so")

Schema = Mapping[str, Any]
Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Taken:
    """One text that an operation takes: where it stands in the body, or which parameter it is."""

    method: str
    path: str
    way: Way
    body: Any = None
    params: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {'.'.join(map(str, self.way))}"


async def not_told(client: AsyncClient, document: Schema, headers: Mapping[str, str]) -> list[str]:
    """The texts for which a NUL was not answered with 422 at the field, or as a parameter with a 4xx.

    Each with what was answered: `post /api/x/v1/tokens id_token: 401`.
    """
    wrong = []
    for its in texts(document):
        answer = await client.request(its.method, its.path, json=its.body, params=its.params, headers=headers)
        is_invalid = answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        told = [error["field"] for error in answer.json().get("errors", [])] if is_invalid else []
        is_told = answer.is_client_error if its.body is None else ".".join(map(str, its.way)) in told
        if not is_told:
            wrong.append(f"{its}: {answer.status_code}")
    return wrong


def texts(document: Schema) -> Iterator[Taken]:
    """Every text that an operation takes as a parameter or in JSON, each with all else in order and a NUL in it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = [its for its in operation.get("parameters", ()) if its["in"] in {"path", "query"}]
            values = {its["name"]: _sample(its["schema"], document) for its in parameters if its["in"] == "path"}
            for its in parameters:
                if list(_texts(its["schema"], document)) != [()]:
                    continue
                if its["in"] == "path":
                    yield Taken(method, _filled(path, values | {its["name"]: f"a{NUL}"}), (its["name"],))
                else:
                    yield Taken(method, _filled(path, values), (its["name"],), params={its["name"]: f"a{NUL}"})
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for way in _texts(content["schema"], document) if content else ():
                body = _with_nul(_sample(content["schema"], document), way)
                yield Taken(method, _filled(path, values), way, body)


def _filled(path: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda name: quote(str(values[name[1]]), safe=""), path)


def _plain(schema: Schema, document: Schema) -> Schema:
    """Without references, and of several kinds the first that is not null."""
    if "$ref" in schema:
        return _plain(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _plain(next(its for its in schema[several] if its.get("type") != "null"), document)
    return schema


def _texts(schema: Schema, document: Schema) -> Iterator[Way]:
    its = _plain(schema, document)
    match its.get("type"):
        case "string" if not {"enum", "const", "format"} & its.keys():
            yield ()
        case "array":
            yield from ((0, *way) for way in _texts(its["items"], document))
        case "object":
            for name, part in its.get("properties", {}).items():
                yield from ((name, *way) for way in _texts(part, document))
            if isinstance(its.get("additionalProperties"), dict):
                yield from (("a", *way) for way in _texts(its["additionalProperties"], document))


def _sample(schema: Schema, document: Schema) -> Any:
    its = _plain(schema, document)
    if "enum" in its or "const" in its:
        return its["enum"][0] if "enum" in its else its["const"]
    match its.get("type"):
        case "string":
            return _text(its)
        case "integer" | "number":
            return max(its.get("minimum", 1), its.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "array":
            return [_sample(its["items"], document)]
        case "object":
            extra = its.get("additionalProperties")
            more = {"a": _sample(extra, document)} if isinstance(extra, dict) else {}
            return {name: _sample(part, document) for name, part in its.get("properties", {}).items()} | more
        case kind:
            raise AssertionError(f"no sample of {kind} is known here")


def _text(schema: Schema) -> str:
    if "format" in schema:
        return OF_FORMAT[schema["format"]]
    samples = [its for its in OF_PATTERN if re.search(schema.get("pattern", ""), its)]
    return next(its for its in samples if schema.get("minLength", 0) <= len(its) <= schema.get("maxLength", len(its)))


def _with_nul(body: Any, way: Way) -> Any:
    """The same body with a NUL at the end of one of its texts."""
    if not way:
        return f"{body}{NUL}"
    first, *rest = way
    if isinstance(body, list):
        return [_with_nul(body[0], tuple(rest)), *body[1:]]
    return body | {first: _with_nul(body[first], tuple(rest))}
