"""Serves the JSON Schemas of what a service says, at the addresses that its records name."""

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

import contracts
from contracts.refusal import NotFound

_FOLDER = Path(contracts.__file__).parent / "schemas"


def routes(service: str) -> APIRouter:
    router = APIRouter(prefix=f"/schemas/{service}", tags=["schemas"])
    known: dict[str, Any] = {path.name: json.loads(path.read_text()) for path in (_FOLDER / service).glob("*.json")}

    @router.get("/{name}")
    async def schema(name: str, response: Response) -> dict[str, Any]:
        if name not in known:
            raise NotFound("There is no such schema.")
        response.headers["cache-control"] = "public, max-age=3600"
        found: dict[str, Any] = known[name]
        return found

    return router
