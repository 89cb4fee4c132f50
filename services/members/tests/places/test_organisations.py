"""What becomes of organisations, decided without any I/O."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from chassis.days import day_in_london
from contracts.members import OrganisationMerged, OrganisationRegistered
from contracts.refusal import Invalid
from members.places import organisations
from members.places.organisations import (
    AlreadyMerged,
    AlreadyRegistered,
    NoMerger,
    NoSuchOrganisation,
    NotASuccessor,
    Organisation,
    Places,
    Register,
)

HERE = UUID("00000000-0000-4000-8000-000000000010")
DAY, DAY_BEFORE = date(2027, 4, 1), date(2027, 3, 31)
AGENCY = Organisation(HERE, "AGENCY", "The Agency for Rocks & Soil", "ARS")
OFFICE = Organisation(uuid4(), "OFFICE", "Office of Maps")
YOUNG = Organisation(uuid4(), "YOUNG", "Young Office", opened_on=DAY)


def closed(code: str, *successors: str, on: date = DAY) -> Organisation:
    return Organisation(uuid4(), code, f"Former {code}", closed_on=on, successors=successors)


def places(*its: Organisation, day: date = DAY) -> Places:
    return Places(Register(its), day)


def test_a_merger_is_called_off_before_its_day_and_not_after() -> None:
    to_come = Register((closed("OLD", "OFFICE"), OFFICE))

    assert organisations.call_off(to_come, "OLD", today=DAY_BEFORE) == Organisation(
        to_come.by_code["OLD"].organisation_id, "OLD", "Former OLD"
    )
    for code, day, refusal in (
        ("OLD", DAY, AlreadyMerged),
        ("OFFICE", DAY_BEFORE, NoMerger),
        ("NOWHERE", DAY_BEFORE, NoSuchOrganisation),
    ):
        with pytest.raises(refusal):
            organisations.call_off(to_come, code, today=day)


@pytest.mark.parametrize("name", ["!!!", "日本", "The"])
def test_an_organisation_has_a_name_by_which_it_can_be_found(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        organisations.register(Register((AGENCY,)), replace(YOUNG, name=name))

    assert [(its.field, its.sentence) for its in refused.value.errors] == [
        ("name", "Write the name with letters from A to Z or digits, by which people find it")
    ]


@pytest.mark.parametrize("text", ["", "???", "the"])
def test_signs_alone_name_no_organisation(text: str) -> None:
    assert Register((Organisation(uuid4(), "SIGNS", "???"),)).named(text) is None


@pytest.mark.parametrize("text", ["AGENCY", "ars", " agency for rocks and soil", "The Agency for Rocks & Soil"])
def test_an_organisation_is_known_by_code_full_name_and_short_name(text: str) -> None:
    assert Register((AGENCY, OFFICE)).named(text) == AGENCY


@pytest.mark.parametrize("text", ["Atlantis", "", "the"])
def test_what_names_nothing_is_nothing(text: str) -> None:
    assert Register((AGENCY, OFFICE)).named(text) is None


def test_people_join_from_the_opening_day_to_the_day_before_the_closing_day() -> None:
    known = (YOUNG, closed("OLD", "YOUNG"))

    assert [its.code for its in places(*known, day=DAY_BEFORE).open] == ["OLD"]
    assert [its.code for its in places(*known, day=DAY).open] == ["YOUNG"]


def test_a_day_begins_at_midnight_in_london() -> None:
    assert day_in_london(datetime(2027, 3, 31, 22, 59, tzinfo=UTC)) == DAY_BEFORE
    assert day_in_london(datetime(2027, 3, 31, 23, 0, tzinfo=UTC)) == DAY


def test_a_new_one_is_said_with_its_code_name_and_day() -> None:
    its = Organisation(HERE, "NEW", "New Office", "", DAY)

    assert organisations.register(Register((AGENCY,)), its) == OrganisationRegistered(
        organisation_id=HERE, code="NEW", title="New Office", opened_on=DAY
    )


@pytest.mark.parametrize(
    ("code", "name", "short"),
    [("AGENCY", "Else", ""), ("NEW", "Agency for Rocks and Soil", ""), ("NEW", "Else", "Ars"), ("OLD", "Else", "")],
)
def test_a_code_or_name_that_is_taken_is_refused_for_a_closed_one_too(code: str, name: str, short: str) -> None:
    with pytest.raises(AlreadyRegistered):
        organisations.register(Register((AGENCY, closed("OLD", "AGENCY"))), Organisation(HERE, code, name, short, DAY))


def test_a_merger_names_successors_once_and_the_day() -> None:
    known = Register((AGENCY, OFFICE, YOUNG))

    merged = organisations.merge(known, "AGENCY", ["OFFICE", "YOUNG", "OFFICE"], DAY, today=DAY)

    assert (merged.closed_on, merged.successors) == (DAY, ("OFFICE", "YOUNG"))
    assert organisations.tell_merged(merged) == OrganisationMerged(
        organisation_id=HERE, code="AGENCY", successors=("OFFICE", "YOUNG"), closed_on=DAY
    )


def test_until_its_day_a_merger_can_be_said_anew_and_then_it_stays() -> None:
    planned = Register((closed("OLD", "OFFICE"), OFFICE, AGENCY))

    assert organisations.merge(planned, "OLD", ["AGENCY"], DAY, today=DAY_BEFORE).successors == ("AGENCY",)
    assert organisations.merge(planned, "OLD", ["OFFICE"], DAY, today=DAY) == planned.by_code["OLD"]
    with pytest.raises(AlreadyMerged):
        organisations.merge(planned, "OLD", ["AGENCY"], DAY, today=DAY)


def test_a_successor_is_open_on_the_day_and_is_not_the_one_that_closes() -> None:
    known = Register((AGENCY, OFFICE, YOUNG, closed("OLD", "OFFICE")))

    for into, on in ((["AGENCY"], DAY), (["OLD"], DAY), (["YOUNG"], DAY_BEFORE), (["ATLANTIS"], DAY)):
        with pytest.raises(NotASuccessor):
            organisations.merge(known, "AGENCY", into, on, today=DAY)


def test_nothing_becomes_itself_again() -> None:
    known = Register((AGENCY, OFFICE, closed("OLD", "AGENCY", on=date(2028, 1, 1))))

    with pytest.raises(NotASuccessor):
        organisations.merge(known, "AGENCY", ["OLD"], DAY, today=DAY)


def test_what_there_is_not_cannot_close_and_nothing_closes_before_it_opened() -> None:
    with pytest.raises(NoSuchOrganisation):
        organisations.merge(Register((AGENCY,)), "ATLANTIS", ["AGENCY"], DAY, today=DAY)
    with pytest.raises(Invalid):
        organisations.merge(Register((AGENCY, YOUNG)), "YOUNG", ["AGENCY"], DAY, today=DAY)


def test_members_of_a_closed_one_go_along_single_successors_as_far_as_that_leads() -> None:
    known = (AGENCY, OFFICE, closed("A", "B"), closed("B", "AGENCY"), closed("C", "D"), closed("D", "AGENCY", "OFFICE"))

    assert [places(*known).destination(code) for code in ("A", "B", "C", "D", "AGENCY")] == [
        "AGENCY", "AGENCY", "D", "D", "AGENCY",
    ]  # fmt: skip
    assert places(*known, day=DAY_BEFORE).destination("A") == "A"


def test_heirs_are_those_that_are_open_beyond_the_ones_that_have_closed_too() -> None:
    known = (AGENCY, OFFICE, closed("A", "B", "AGENCY"), closed("B", "OFFICE", "AGENCY"))

    assert [its.code for its in places(*known).heirs("A")] == ["OFFICE", "AGENCY"]
    assert places(*known).heirs("AGENCY") == ()
    assert places(*known).heirs("ATLANTIS") == ()


def test_whoever_would_join_is_told_why_not() -> None:
    known = places(AGENCY, closed("OLD", "AGENCY"), Organisation(uuid4(), "LATE", "Late", opened_on=date(2027, 5, 1)))

    assert [known.why_nobody_joins(its) for its in known.register.organisations] == [
        None,
        "Former OLD closed on 1 April 2027. Choose what stands in its place: The Agency for Rocks & Soil (ARS)",
        "Late takes part from 1 May 2027. Choose another until then",
    ]
