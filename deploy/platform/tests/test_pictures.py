"""Pictures of the site: what they are called, and what is said where none can be taken."""

from pathlib import Path

import pytest

from gse_platform.home import CannotGoOn
from gse_platform.personas import PERSONAS
from gse_platform.pictures import pictures
from gse_platform.site_pages import SITE_PAGES


async def test_where_there_is_no_chromium_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CannotGoOn, match="There is no Chromium on this machine"):
        await pictures({"front_door": "http://localhost:1"}, tmp_path)


def test_every_page_has_a_picture_of_its_own_and_a_persona_that_exists() -> None:
    names = [its.name for its in SITE_PAGES]

    assert sorted(set(names)) == sorted(names)
    assert {its.persona for its in SITE_PAGES if its.persona} <= {persona.key for persona in PERSONAS}
