"""No form of ours is without its mark: one sent by somebody signed in would be refused."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
FORM = re.compile(r'<form\b[^>]*method="post"[^>]*>\s*(\S.{0,15})', re.IGNORECASE)
TEMPLATES = sorted([*HOUSE.glob("services/*/*/templates/**/*.html"), *HOUSE.glob("shared/*/*/web/templates/*.html")])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_the_first_line_of_a_form_is_its_mark(template: Path) -> None:
    starts = FORM.findall(template.read_text())

    assert [start for start in starts if not start.startswith("{{ form.csrf() }}"[:16])] == []


def test_forms_are_found() -> None:
    assert sum(len(FORM.findall(template.read_text())) for template in TEMPLATES) >= 2
