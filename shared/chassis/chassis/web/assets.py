"""Style, script and icon of the pages, from memory at /assets/.

An address carries the hash of what it names and may be kept for a year; asked for with another hash, as happens while
an upgrade rolls, a file is served and not kept.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    plain: bytes
    zipped: bytes
    version: str
    media_type: str


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 9, mtime=0), version, TYPES[path.suffix])


ASSETS = {path.relative_to(STATIC).as_posix(): _load(path) for path in STATIC.rglob("*") if path.suffix in TYPES}


def asset(name: str) -> str:
    """The address of a file under static/, for templates. Raises KeyError when there is none."""
    return f"/assets/{name}?v={ASSETS[name].version}"


async def serve_asset(request: Request) -> Response:
    found = ASSETS.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    current = request.query_params.get("v") == found.version
    headers = {"Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache"}
    headers |= {"ETag": f'"{found.version}"', "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.plain, headers=headers, media_type=found.media_type)
