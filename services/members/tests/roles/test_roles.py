"""What is decided on roles, without any I/O."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from contracts.members import Grade, Role, RoleGranted, RoleRevoked
from members.membership import domain
from members.membership.domain import Application, HasLeft
from members.roles import domain as roles
from members.roles.domain import Grant, NotTheirOrganisation, NotToYourself

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEA = UUID("00000000-0000-4000-8000-00000000000b")
MEMBER = domain.join(
    Application("Ada Byron", "ada@defra.example", "DEFRA", Grade.G7, (), ()),
    member_id=ADA,
    joined_on=date(2027, 2, 11),
)[0]
VOLUNTEER, HEAD = Grant("volunteer"), Grant("hosep", "DEFRA")


def test_a_role_is_given_everywhere_or_in_the_members_organisation() -> None:
    everywhere = roles.grant(MEMBER, [], VOLUNTEER, by=BEA)
    there = roles.grant(MEMBER, [VOLUNTEER], HEAD, by=None)

    assert everywhere == RoleGranted(member_id=ADA, role=Role.VOLUNTEER, organisation=None)
    assert there == RoleGranted(member_id=ADA, role=Role.HOSEP, organisation="DEFRA")


def test_who_has_a_role_is_not_given_it_again() -> None:
    assert roles.grant(MEMBER, [VOLUNTEER, HEAD], HEAD, by=BEA) is None


def test_nobody_gives_themselves_a_role() -> None:
    with pytest.raises(NotToYourself):
        roles.grant(MEMBER, [], VOLUNTEER, by=ADA)


def test_a_role_for_one_organisation_is_given_where_the_member_works() -> None:
    with pytest.raises(NotTheirOrganisation):
        roles.grant(MEMBER, [], Grant("hosep", "UKHSA"), by=BEA)


def test_who_has_left_is_given_nothing() -> None:
    with pytest.raises(HasLeft):
        roles.grant(replace(MEMBER, left_on=date(2027, 3, 1)), [], VOLUNTEER, by=BEA)


def test_a_role_is_taken_back_once() -> None:
    assert roles.take_back(ADA, [VOLUNTEER, HEAD], HEAD) == RoleRevoked(
        member_id=ADA, role=Role.HOSEP, organisation="DEFRA"
    )
    assert roles.take_back(ADA, [VOLUNTEER], HEAD) is None


def test_who_leaves_loses_every_role() -> None:
    assert roles.take_back_all(ADA, [VOLUNTEER, HEAD]) == [
        RoleRevoked(member_id=ADA, role=Role.VOLUNTEER),
        RoleRevoked(member_id=ADA, role=Role.HOSEP, organisation="DEFRA"),
    ]
