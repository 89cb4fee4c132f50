"""What people answer, read into values that can be trusted."""

from datetime import date
from uuid import uuid4

import pytest

from contracts.members import Grade
from contracts.refusal import Invalid
from members.membership import answers
from members.membership.domain import Application
from members.places.organisations import Organisation, OrganisationClosed, Places, Register

PLACES = Places(
    Register(
        (
            Organisation(uuid4(), "BEIS", "Business", closed_on=date(2023, 2, 7), successors=("DESNZ", "DSIT")),
            Organisation(uuid4(), "DESNZ", "Department for Energy", "DESNZ", date(2023, 2, 7)),
            Organisation(uuid4(), "DSIT", "Department for Science", "DSIT", date(2023, 2, 7)),
            Organisation(uuid4(), "NEXT", "Office of the Next Year", opened_on=date(2028, 1, 1)),
            Organisation(uuid4(), "UKHSA", "UK Health Security Agency", "UKHSA"),
        )
    ),
    date(2027, 2, 11),
)

CELLS = {
    "name": " Ada   Byron ",
    "email": "Ada@UKHSA.example ",
    "organisation": "uk health security agency",
    "grade": "Grade 6",
    "joined_on": "2016-03-01",
    "interests": "epidemiology; ;Epidemiology;ecology",
    "skills": "",
}


def wrong(**changed: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        answers.imported(CELLS | changed, PLACES, only=None)
    return {error.field: error.sentence for error in refused.value.errors}


def test_a_row_is_read_into_an_application_and_a_day() -> None:
    assert answers.imported(CELLS, PLACES, only="UKHSA") == (
        Application("Ada Byron", "ada@ukhsa.example", "UKHSA", Grade.G6, ("epidemiology", "ecology"), ()),
        date(2016, 3, 1),
    )


def test_every_mistake_is_told_at_once() -> None:
    assert list(wrong(name="", email="", organisation="", grade="", joined_on="", skills="x" * 81)) == [
        "name", "email", "organisation", "grade", "skills", "joined_on",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "email",
    ["ada", "ada@", "@ukhsa.example", "ada@ukhsa", "a da@ukhsa.example", "ada@ukhsa.example, ben@ukhsa.example",
     "ada@ukhsa.example\nbcc: ben@ukhsa.example", "Ada <ada@ukhsa.example>", "ädä@ukhsa.example", "ada@[127.0.0.1]",
     "ada@localhost", "a" * 65 + "@ukhsa.example"],
)  # fmt: skip
def test_an_address_that_cannot_be_written_to_is_refused(email: str) -> None:
    assert wrong(email=email) == {"email": "Enter an email address in the correct format, like name@example.com"}


def test_an_address_on_a_domain_with_accents_is_kept_as_mail_carries_it() -> None:
    assert answers.address("Ada@Bücher.example") == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["Ada\r\nBcc: ben@ukhsa.example", "Ada\x00", "Ada\u2028Byron", "x" * 201])
def test_a_name_is_one_line_of_text(name: str) -> None:
    assert list(wrong(name=name)) == ["name"]


@pytest.mark.parametrize("name", ["Ó", "Nguyễn Thị Minh Khai", "李小龍", "Anne-Marie O’Neill", "x" * 200])
def test_names_are_as_people_write_them(name: str) -> None:
    application, _ = answers.imported(CELLS | {"name": name}, PLACES, only=None)

    assert application.name == name


@pytest.mark.parametrize("day", ["1 March 2016", "01/03/2016", "2016-13-01", "2016-02-30", "2016-W01-1", "20160301"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    assert wrong(joined_on=day) == {"joined_on": "Enter a date as year-month-day, such as 2021-11-01"}


def test_nobody_has_joined_tomorrow_and_somebody_may_have_today() -> None:
    assert wrong(joined_on="2027-02-12") == {"joined_on": "Enter a date from 1900 to today"}
    assert wrong(joined_on="0001-01-01") == {"joined_on": "Enter a date from 1900 to today"}
    _, day = answers.imported(CELLS | {"joined_on": "2027-02-11"}, PLACES, only=None)
    assert day == date(2027, 2, 11)


def test_twenty_interests_are_enough() -> None:
    twenty = ";".join(f"interest {number}" for number in range(20))

    assert wrong(interests=f"{twenty};one more") == {"interests": "Give 20 interests at most"}
    application, _ = answers.imported(CELLS | {"interests": twenty}, PLACES, only=None)
    assert len(application.interests) == 20


def test_a_row_of_another_organisation_is_not_the_senders_to_import() -> None:
    with pytest.raises(Invalid) as refused:
        answers.imported(CELLS, PLACES, only="DEFRA")

    assert [(error.field, error.sentence) for error in refused.value.errors] == [
        ("organisation", "You can import members of your own organisation only")
    ]


def test_a_closed_organisation_is_refused_by_name_with_what_stands_in_its_place() -> None:
    with pytest.raises(OrganisationClosed) as refused:
        answers.place(PLACES, "business", "HEO")

    [error] = refused.value.errors
    assert error.sentence == (
        "Business closed on 7 February 2023. Choose what stands in its place: Department for Energy (DESNZ) or "
        "Department for Science (DSIT)"
    )


def test_beside_a_closed_organisation_the_other_mistakes_are_told_too() -> None:
    assert list(wrong(name="", organisation="BEIS")) == ["name", "organisation"]


def test_an_organisation_that_is_to_open_is_not_joined_yet() -> None:
    assert wrong(organisation="Office of the Next Year") == {
        "organisation": "Office of the Next Year takes part from 1 January 2028. Choose another until then"
    }


def test_an_organisation_that_is_not_known_is_answered_with_those_that_are_open() -> None:
    assert wrong(organisation="Atlantis") == {
        "organisation": "This organisation is not known here. Enter one of these: DESNZ, DSIT, UKHSA"
    }


@pytest.mark.parametrize("name", ["\u200b\u200b", "\ufeff", "\u3164", "-", "1", "🎉"])
def test_a_name_has_a_letter_that_can_be_seen(name: str) -> None:
    assert wrong(name=name) == {"name": "Enter your full name"}


@pytest.mark.parametrize("name", ["Ada \u202enoryB", "Ada \u2066Byron", "Ada \ue000", "Ada \uffff"])
def test_a_name_turns_no_text_around_and_holds_nothing_without_a_meaning(name: str) -> None:
    assert wrong(name=name) == {"name": "The name has characters in it that are not letters or signs"}


@pytest.mark.parametrize("name", ["O", "Жанна", "علی\u200cرضا", "นภา", "X Æ A-12", "Mx D’Arcy-Ñuñez, Jr."])
def test_names_are_as_people_have_them(name: str) -> None:
    assert answers.imported(CELLS | {"name": name}, PLACES, only=None)[0].name == name
