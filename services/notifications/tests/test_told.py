"""The table of who hears of what is whole, and the README shows it as it is."""

from pathlib import Path

import pytest

from contracts.base import DomainEvent
from contracts.catalogue import EVENTS as EVERY_EVENT
from notifications import app
from notifications.domain import DIGEST
from notifications.lines import Line
from notifications.told import TEMPLATES, TOLD
from notifications.untold import NOBODY

README = Path(__file__).parents[1] / "README.md"
WORDS = Path(app.__file__).parent / "templates"
HEARD = {
    event for its in (app.MEMBERS, app.MENTORING, app.EVENTS, app.CONTACTS) for event in (*its.reactions, *its.in_sets)
}
BEGIN, END = "<!-- told: kept by tests/test_told.py -->\n", "<!-- end of told -->"


def shown(line: Line) -> str:
    unless = f"`{line.unless.event_name}`" if line.unless else ""
    mark = ", critical" if line.template.critical else ""
    words = f"`{line.template.name}` {line.template.version}{mark}"
    parts = f"`{line.event.event_name}`", line.who.words, line.template.category, words, line.when_in_words, unless
    return f"| {' | '.join(parts)} |"


def table() -> str:
    head = ["| event | who | category | template | when | unless |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(shown(line) for line in TOLD)]) + "\n"


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.schema_name())
def test_every_event_is_told_to_somebody_or_says_why_to_nobody(event: type[DomainEvent]) -> None:
    lines = [line for line in TOLD if line.event is event]

    assert (lines == []) == bool(NOBODY.get(event))


@pytest.mark.parametrize("line", TOLD, ids=lambda line: line.template.name)
def test_what_is_told_is_heard_and_what_calls_it_off_too(line: Line) -> None:
    assert line.event in HEARD
    assert line.unless is None or line.unless in HEARD


def test_every_template_has_its_words_and_all_words_are_of_a_template() -> None:
    files = {str(path.relative_to(WORDS)) for path in WORDS.glob("*/v*.*") if path.parent.name != "frame"}

    assert files == {f"{name}/v{version}.{ending}" for name, version in TEMPLATES for ending in ("txt", "html")}
    assert (DIGEST.name, DIGEST.version) in TEMPLATES


def test_the_readme_shows_the_table_as_it_is() -> None:
    assert README.read_text().split(BEGIN)[1].split(END)[0] == table()
