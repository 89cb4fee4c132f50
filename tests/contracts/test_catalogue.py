"""The catalogue in the README says what the code does."""

from pathlib import Path

from contracts import generate
from contracts.catalogue import EVENTS

HOUSE = Path(__file__).parents[2]


def test_the_catalogue_in_the_readme_is_fresh() -> None:
    assert (HOUSE / "README.md").read_text() == generate.readme(HOUSE)


def test_every_reaction_is_to_an_event_that_exists() -> None:
    assert set(generate.reactions()) <= {event.__name__ for event in EVENTS}


def test_what_happens_when_a_member_joins_can_be_read_there() -> None:
    [row] = [row for row in generate.catalogue().splitlines() if row.startswith("| `MemberJoined` |")]

    assert row.startswith("| `MemberJoined` | public | members: A person became a member of the profession")
    assert row.endswith("| events `keep_invitees`, mentoring `open_profiles`, notifications `welcome` |")
