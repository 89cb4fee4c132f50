"""Plain forms: what a person typed, and what to mend, field by field in the order of the page.

values = await read_form(request, lists=["interests"])
try:
    await join(JoinForm.model_validate(values))
except (ValidationError, Refused) as error:
    form = filled(values, error, order=JoinForm.model_fields, sentences=SENTENCES)
    return render(request, "join.html", **form)
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypedDict

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from chassis.browsing import CSRF_FIELD, FORM_KEY_FIELD
from chassis.sentences import FieldSentence, field_sentences
from contracts.refusal import Invalid, NotFound, Refused

OURS = ("", "value_error")  # a rule or a validator of ours already speaks to the person


class FormError(TypedDict):
    """One line of the error summary; `href` leads to the field, whose id is its name."""

    field: str
    text: str
    href: str


class Filled(TypedDict):
    """A form, for `render`: what was typed, what to mend, and why it was refused though it was right."""

    values: Mapping[str, Any]
    errors: list[FormError]
    refusal: str


async def read_form(request: Request, *, lists: Collection[str] = ()) -> dict[str, str | list[str]]:
    """What was typed, without the blanks around it; what was left empty is absent. `lists` may have many values.

    What the form says of itself is not among it: `chassis.web.guard` and `chassis.idempotency.FormKey` look at that.
    """
    values: dict[str, str | list[str]] = {name: [] for name in lists}
    async with request.form() as form:  # closes files, which are read elsewhere
        for name in (name for name in form if name not in {CSRF_FIELD, FORM_KEY_FIELD}):
            texts = [text.strip() for text in form.getlist(name) if isinstance(text, str) and text.strip()]
            if name in lists:
                values[name] = texts
            elif texts:
                values[name] = texts[-1]
    return values


def typed_day(name: str, values: Mapping[str, object]) -> dict[str, str]:
    """The three boxes of a day as one text under its name, for a form; whoever fills in none has not entered it."""
    parts = [str(values.get(f"{name}-{part}", "")) for part in ("year", "month", "day")]
    return {name: "-".join(part.zfill(2) for part in parts)} if any(parts) else {}


def as_typed(name: str, day: date) -> dict[str, str]:
    """A day as its three boxes hold it: what `typed_day` reads."""
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


def errors_from(
    error: ValidationError | RequestValidationError | Invalid,
    *,
    order: Iterable[str],
    sentences: Mapping[str, str] | None = None,
) -> list[FormError]:
    """One line a field, in `order`; what names none of these comes last and leads to the first field.

    `sentences` says it in the page's words: `{"email.missing": "Enter your email address", "email": "Enter an email
    address in the correct format, like name@example.com"}`; the kind after the dot is Pydantic's.
    """
    fields = list(order)
    found = (
        [FieldSentence(e.field, e.sentence) for e in error.errors]
        if isinstance(error, Invalid)
        else field_sentences(error.errors())
    )
    lines: dict[str, FormError] = {}
    for mistake in found:
        name = _field(mistake.field, fields)
        text = _text(name, mistake, sentences or {})
        lines.setdefault(name, {"field": name, "text": text, "href": f"#{name or next(iter(fields), 'main-content')}"})
    return sorted(lines.values(), key=lambda line: _place(line["field"], fields))


def filled(
    values: Mapping[str, Any],
    error: ValidationError | Refused | None = None,
    *,
    order: Iterable[str] = (),
    sentences: Mapping[str, str] | None = None,
) -> Filled:
    """A form with what was typed; shown again also with its mistakes as in `errors_from`, or the sentence of a refusal.

    Where there is nothing that the form could be about, `NotFound` is raised as it is.
    """
    if isinstance(error, NotFound):
        raise error
    if isinstance(error, ValidationError | Invalid):
        return {"values": values, "errors": errors_from(error, order=order, sentences=sentences), "refusal": ""}
    return {"values": values, "errors": [], "refusal": error.sentence if error else ""}


def error_on(errors: Sequence[FormError] | None, field: str) -> dict[str, str] | None:
    """For templates: the `errorMessage` of a component."""
    return next(({"text": error["text"]} for error in errors or [] if error["field"] == field), None)


def _field(name: str, fields: Sequence[str]) -> str:
    """`interests.3` is mended at `interests`."""
    head = name.partition(".")[0]
    return head if head in fields else ""


def _text(field: str, mistake: FieldSentence, sentences: Mapping[str, str]) -> str:
    exact = sentences.get(f"{field}.{mistake.kind}")
    return exact or (mistake.sentence if mistake.kind in OURS else sentences.get(field, mistake.sentence))


def _place(field: str, fields: Sequence[str]) -> int:
    return fields.index(field) if field in fields else len(fields)
