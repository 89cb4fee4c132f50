"""The words of every message: what they show before they are opened, and that both forms say the same."""

import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from contracts.base import NEVER_SAID
from notifications.domain import DIGEST, Template
from notifications.letters import About, text_of
from notifications.previews import FACTS, HOSTED, OTHER, preview
from notifications.told import RETIRED, TEMPLATES

FRONT_DOOR = "https://gse.test"
SHOWN = 140  # characters, that mail programs show of a message before it is opened
EVERY = pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda its: f"{its.name}-{its.version}")
NOW = pytest.mark.parametrize(
    "template", [its for its in TEMPLATES.values() if its not in RETIRED], ids=lambda its: its.name
)


class Visible(HTMLParser):
    """What a person sees of a page of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = False
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (as the parser calls it)
        self.hidden = tag in ("title", "style", "script")
        self.parts.append(" " if tag in ("p", "h1", "h2", "li", "br", "div") else "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (as the parser calls it)
        self.hidden = False

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def visible(page: str) -> str:
    reader = Visible()
    reader.feed(page)
    return " ".join("".join(reader.parts).split())


def told(template: Template) -> list[str]:
    """What nobody may read on a lock screen."""
    hosted = HOSTED.hosted_event
    assert hosted is not None
    values = [str(its) for name, its in FACTS.items() if name != "late"] + ["Grade 7", "head of profession"]
    return [*values, "mentoring, events", hosted.title, hosted.summary, str(OTHER.name), str(OTHER.email)]


def words(text: str) -> list[str]:
    """Without the addresses of pages, which the HTML has in its links."""
    return re.findall(r"\w+", re.sub(r"https?://\S+", "", text))


@EVERY
def test_the_subject_says_nothing_of_anybody(template: Template) -> None:
    assert not [its for its in told(template) if its in template.subject]
    assert not NEVER_SAID & set(words(template.subject.lower()))


@NOW
def test_what_a_mail_program_shows_unopened_says_nothing_of_anybody(template: Template) -> None:
    letter = preview(template, FRONT_DOOR)
    page = visible(letter.page).removeprefix(template.subject)
    for shown in (" ".join(letter.text.split()), page):
        start = shown.split(",", 1)[1].strip()[:SHOWN]
        assert not [its for its in told(template) if its in start]


@EVERY
def test_both_forms_say_the_same(template: Template) -> None:
    letter = preview(template, FRONT_DOOR)

    page = visible(letter.page).removeprefix(template.subject)
    assert words(page.replace("’", "'")) == words(letter.text.replace("’", "'"))


@EVERY
def test_no_line_is_too_long_for_a_server(template: Template) -> None:
    letter = preview(template, FRONT_DOOR)

    assert all(len(line) <= 998 for line in (letter.text + letter.page).splitlines())


@pytest.mark.parametrize("name", ["grade-changed", "role-granted", "scheme-opened", "key-date-approaching", "reminder"])
def test_a_fact_that_is_not_there_fails(name: str) -> None:
    with pytest.raises(UndefinedError):
        text_of(TEMPLATES[name, 1], name="Ada", front_door=FRONT_DOOR, about=About())


def test_a_digest_names_what_it_holds() -> None:
    letter = preview(DIGEST, FRONT_DOOR)

    assert len({its.category for its in letter.items}) == 4
    assert all(its.template.subject in letter.text for its in letter.items)
