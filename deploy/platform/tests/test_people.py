import csv
import io
from collections import Counter
from datetime import date

from gse_platform.people import as_csv, people
from gse_platform.personas import PERSONAS

TODAY = date(2026, 11, 23)


def test_two_thousand_people_have_the_grades_that_the_profession_has() -> None:
    grades = Counter(person.grade for person in people(2000, TODAY))
    bands = {
        "AA-AO": grades["AA"] + grades["AO"],
        "EO": grades["EO"],
        "HEO-SEO": grades["HEO"] + grades["SEO"],
        "G7-G6": grades["G7"] + grades["G6"],
        "SCS": grades["SCS1"],
    }

    assert bands == {"AA-AO": 500, "EO": 520, "HEO-SEO": 640, "G7-G6": 320, "SCS": 20}


def test_a_count_that_does_not_divide_still_gives_exactly_that_many_people() -> None:
    assert [len(people(count, TODAY)) for count in (0, 1, 7, 333)] == [0, 1, 7, 333]


def test_the_same_seed_gives_the_same_people() -> None:
    assert people(300, TODAY) == people(300, TODAY)
    assert people(300, TODAY) != people(300, TODAY, seed=1)


def test_every_address_is_somebodys_own_and_reaches_nobody() -> None:
    addresses = [person.email for person in people(2000, TODAY)]

    assert len(set(addresses)) == 2000
    assert all(address.endswith(".example") and address.isascii() for address in addresses)


def test_every_organisation_of_the_profession_is_there_and_the_large_ones_have_more_people() -> None:
    organisations = Counter(person.organisation for person in people(2000, TODAY))

    assert len(organisations) == 26
    assert organisations["UKHSA"] > organisations["DCMS"]


def test_people_joined_between_2005_and_today() -> None:
    days = [date.fromisoformat(person.joined_on) for person in people(2000, TODAY)]

    assert min(days) >= date(2005, 1, 3)
    assert max(days) <= TODAY


def test_the_personas_are_among_the_people_so_that_they_are_members_when_they_sign_in() -> None:
    found = {person.email: person for person in people(2000, TODAY)}

    assert [found[persona.email].grade for persona in PERSONAS] == [persona.grade for persona in PERSONAS]


def test_the_file_has_one_line_a_person_under_the_heads_that_members_asks_for() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(people(10, TODAY)))))

    assert len(rows) == 10
    assert list(rows[0]) == ["name", "email", "organisation", "grade", "joined_on", "interests", "skills"]
