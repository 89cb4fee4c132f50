"""Every answer that is not a success, made in one place: RFC 9457 problem details for programs, a page for people.

    Refused                  409, and by its class: NotFound 404, Invalid 422, NotYetKnown 409 with Retry-After
    RequestValidationError   422 with one sentence a field
    Unauthenticated          401, and for a person a way to sign in and back
    Forbidden, StrangeForm   403
    Conflict, Outage         503 with Retry-After
    anything else            500 with a reference, logged without what the person sent

No answer and no log line repeats what was sent: values may be personal, and a log cannot forget.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.browsing import to_renew
from chassis.database import Conflict, Outage
from chassis.idempotency import IdempotencyKeyReused
from chassis.identity import Forbidden, StrangeForm, Unauthenticated
from chassis.sentences import FieldSentence, field_sentences
from contracts.refusal import Invalid, NotFound, NotYetKnown, Refused

log = structlog.get_logger(__name__)

SOON = "1"  # seconds, the value of Retry-After where a moment is enough
STATUS_OF: Mapping[type[Refused], int] = {
    NotFound: 404,
    NotYetKnown: 409,
    Invalid: 422,
    IdempotencyKeyReused: 422,
    Refused: 409,
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "reference": {"type": "string"},
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                            },
                        },
                    },
                }
            }
        },
    }
}
"""For `FastAPI(responses=RESPONSES)`: the OpenAPI document then tells the truth about errors."""


@dataclass(frozen=True)
class Problem:
    """What went wrong, in words for the person; holds nothing that was sent."""

    status: int
    detail: str = ""
    kind: str = ""
    """The class of the refusal, `AlreadyAMember`; empty where the status says it all."""
    errors: tuple[FieldSentence, ...] = ()
    reference: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return _words(self.kind).capitalize() if self.kind else HTTPStatus(self.status).phrase

    def as_json(self) -> dict[str, object]:
        members: dict[str, object] = {
            "type": f"/problems/{_words(self.kind).replace(' ', '-')}" if self.kind else "about:blank",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            members["detail"] = self.detail
        if self.errors:
            members["errors"] = [{"field": error.field, "detail": error.sentence} for error in self.errors]
        if self.reference:
            members["reference"] = self.reference
        return members


ErrorPage = Callable[[Request, Problem], Response]


def install(app: FastAPI, *, page: ErrorPage | None = None) -> None:
    """Answers every exception of `app` as a problem; `page` draws the same for people, where the service has pages."""
    app.state.error_page = page
    app.add_exception_handler(Refused, _answer(refusal))
    app.add_exception_handler(RequestValidationError, _answer(wrong_input))
    app.add_exception_handler(HTTPException, _answer(http_error))
    app.add_exception_handler(Unauthenticated, _sign_in_first)
    app.add_exception_handler(Forbidden, _answer(forbidden))
    app.add_exception_handler(StrangeForm, _answer(strange_form))
    app.add_exception_handler(Conflict, _answer(unavailable))
    app.add_exception_handler(Outage, _answer(unavailable))


def response(request: Request, problem: Problem) -> Response:
    """A page where a person asks for one, problem details otherwise."""
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page is not None and wants_page(request):
        answer = page(request, problem)
        answer.headers.update(problem.headers)
        return answer
    return JSONResponse(
        problem.as_json(), problem.status, headers=problem.headers, media_type="application/problem+json"
    )


def wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def refusal(error: Exception) -> Problem:
    if not isinstance(error, Refused):
        raise TypeError(f"{type(error).__name__} is no refusal")
    status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    errors = tuple(FieldSentence(e.field, e.sentence) for e in error.errors) if isinstance(error, Invalid) else ()
    headers = {"Retry-After": SOON} if isinstance(error, NotYetKnown) else {}
    return Problem(status, error.sentence, type(error).__name__, errors, headers=headers)


def wrong_input(error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        raise TypeError(f"{type(error).__name__} is no validation error")
    return Problem(422, "Check the fields that are named.", "Invalid", field_sentences(error.errors()))


def http_error(error: Exception) -> Problem:
    if not isinstance(error, HTTPException):
        raise TypeError(f"{type(error).__name__} is no HTTP error")
    phrase = HTTPStatus(error.status_code).phrase
    detail = "" if error.detail == phrase else str(error.detail)
    return Problem(error.status_code, detail, headers=dict(error.headers or {}))


def unauthenticated(error: Exception) -> Problem:
    presented = isinstance(error, Unauthenticated) and error.presented
    challenge = 'Bearer realm="gse", error="invalid_token"' if presented else 'Bearer realm="gse"'
    detail = "The access token is not valid or has expired." if presented else "Sign in first."
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})


def forbidden(_error: Exception) -> Problem:
    return Problem(403, "Your roles do not allow this.")


def strange_form(_error: Exception) -> Problem:
    detail = "The form was open for too long, you signed in again meanwhile, or it was sent from another site."
    return Problem(403, detail, "StrangeForm")


def unavailable(_error: Exception) -> Problem:
    return Problem(503, "This service cannot answer at the moment. Try again shortly.", headers={"Retry-After": SOON})


def unexpected(reference: str) -> Problem:
    return Problem(500, "Something went wrong. It has been recorded under the reference.", reference=reference)


class UnexpectedErrors:
    """Answers what no handler knows with 500 and a reference.

    Stands here and not in the framework's own place, since that one sends the answer outside the security headers and
    then lets the exception go on to the server, which would log it with the values in it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            return
        except Exception:
            reference = str(uuid4())
            log.exception("unexpected_error", reference=reference)
            if not started:
                await response(Request(scope, receive), unexpected(reference))(scope, receive, send)


async def _sign_in_first(request: Request, error: Exception) -> Response:
    """A person is led to sign in; a program, and whoever brought a token of their own, is told."""
    by_browser = "authorization" not in request.headers and request.method in ("GET", "HEAD", "POST")
    if by_browser and wants_page(request):
        return to_renew(request)
    return response(request, unauthenticated(error))


def _answer(to_problem: Callable[[Exception], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return response(request, to_problem(error))

    return answer


def _words(class_name: str) -> str:
    """`AlreadyAMember` is "already a member"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", class_name).lower()
