"""Fields that are written out for speed are, but for blanks, what the GOV.UK components make of the same."""

from collections.abc import Mapping, Sequence
from datetime import date
from html.parser import HTMLParser
from itertools import product

import pytest

from chassis import web

PAGES = web.create_pages("testing")
HINTS = ("", "Say it <b>plainly</b> & well.")
ERRORS: Sequence[list[dict[str, str]]] = ([], [{"field": "it", "text": "Enter <it>", "href": "#it"}])
ITEMS = (
    '[{"value": "a", "text": "A & B"}, {"value": "b", "text": "<B>", "hint": {"text": "Like & so"}}, {"divider": "or"},'
    ' {"value": "c", "text": "C", "disabled": true}]'
)
OPTIONS = '[{"value": "a", "text": "A & B"}, {"value": "b", "text": "<B>"}]'
LEGEND = '"fieldset": {"legend": {"text": "<It>", "classes": "govuk-fieldset__legend--s"}}'
COMMON = '"hint": {"text": hint} if hint, "errorMessage": errors | on("it")'
LABELLED = f'"id": "it", "name": "it", "label": {{"text": "<It>"}}, {COMMON}'
BOXES = f'"idPrefix": "it", "name": "it", "items": {ITEMS}, {COMMON}, {LEGEND}'
EMAIL = '"type": "email", "autocomplete": "email", "spellcheck": false'
NUMBER = '"inputmode": "numeric", "classes": "govuk-input--width-3", "spellcheck": true'
DAY = (
    '[{"id": "it", "name": "day", "value": values["it-day"], "classes": "govuk-input--width-2" ~ wrong},'
    ' {"id": "it-month", "name": "month", "value": values["it-month"], "classes": "govuk-input--width-2" ~ wrong},'
    ' {"id": "it-year", "name": "year", "value": values["it-year"], "classes": "govuk-input--width-4" ~ wrong}]'
)
# Each as we write it, then by its component.
FIELDS = {
    "text": ('form.text("it", "<It>", hint)', f'govukInput({{{LABELLED}, "value": values.it}})'),
    "an address": (
        'form.text("it", "<It>", hint, type="email", autocomplete="email", spellcheck=false)',
        f'govukInput({{{LABELLED}, "value": values.it, {EMAIL}}})',
    ),
    "a number": (
        'form.text("it", "<It>", hint, inputmode="numeric", classes="govuk-input--width-3", spellcheck=true)',
        f'govukInput({{{LABELLED}, "value": values.it, {NUMBER}}})',
    ),
    "long text": (
        'form.long_text("it", "<It>", hint, rows=3)',
        f'govukTextarea({{{LABELLED}, "value": values.it, "rows": 3}})',
    ),
    "radios": (
        f'form.choose_one("it", "<It>", {ITEMS}, hint)',
        f'govukRadios({{{BOXES}, "value": values.it}})',
    ),
    "radios in a line": (
        f'form.choose_one("it", "<It>", {ITEMS}, hint, inline=true)',
        f'govukRadios({{{BOXES}, "value": values.it, "classes": "govuk-radios--inline"}})',
    ),
    "checkboxes": (
        f'form.choose_some("it", "<It>", {ITEMS}, hint)',
        f'govukCheckboxes({{{BOXES}, "values": values.it or []}})',
    ),
    "a select": (
        f'form.choose_from("it", "<It>", {OPTIONS}, hint, first="Any")',
        f'govukSelect({{{LABELLED}, "items": [{{"value": "", "text": "Any"}}] + {OPTIONS}, "value": values.it or ""}})',
    ),
    "a day": (
        'form.day("it", "<It>", hint)',
        f'govukDateInput({{"id": "it-parts", "namePrefix": "it", "items": {DAY}, {COMMON}, {LEGEND}}})',
    ),
}
IMPORTS = (
    '{% import "forms.html" as form with context %}{% set wrong = " govuk-input--error" if errors else "" %}'
) + "".join(
    f'{{% from "govuk_frontend_jinja/components/{folder}/macro.html" import {name} %}}'
    for folder, name in {
        "input": "govukInput",
        "textarea": "govukTextarea",
        "radios": "govukRadios",
        "select": "govukSelect",
        "checkboxes": "govukCheckboxes",
        "date-input": "govukDateInput",
    }.items()
)
VALUES: Sequence[dict[str, str]] = (
    {},
    {"it": "", "it-day": "", "it-month": "", "it-year": ""},
    {"it": "a", "it-day": "1", "it-month": "<2>", "it-year": 'a "year"'},
    {"it": 'say "b" & <c>'},
)


@pytest.mark.parametrize("kind", FIELDS)
def test_a_field_is_what_its_component_would_be(kind: str) -> None:
    ours, theirs = FIELDS[kind]
    for hint, errors, values in product(HINTS, ERRORS, VALUES):
        context = {"hint": hint, "errors": errors, "values": values}
        assert shown(ours, context) == shown(theirs, context)


def test_a_day_in_its_boxes_is_read_as_that_day() -> None:
    boxes = web.as_typed("on", date(2027, 3, 1))

    assert boxes == {"on-day": "1", "on-month": "3", "on-year": "2027"}
    assert web.typed_day("on", boxes) == {"on": "2027-03-01"}


def shown(field: str, context: Mapping[str, object]) -> list[object]:
    parts = Parts()
    parts.feed(PAGES.from_string(f"{IMPORTS}{{{{ {field} }}}}").render(context))
    assert parts.found
    return parts.found


class Parts(HTMLParser):
    """Tags with what their attributes say, in any order, and texts; an attribute that says nothing is none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        says = {name: " ".join(value.split()) if name == "class" and value else value for name, value in attrs}
        self.found.append((tag, {name: value for name, value in says.items() if value != ""}))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.found.append(text)
