"""A door opens for its owner and for the roles named at it, and says nothing of what is behind it to anybody else."""

from uuid import UUID

import pytest

from chassis.identity import Caller, Forbidden, permit
from contracts.refusal import NotFound

ACCOUNT = UUID("11111111-1111-4111-8111-111111111111")
MEMBER = UUID("22222222-2222-4222-8222-222222222222")
OTHER = UUID("33333333-3333-4333-8333-333333333333")


def caller(*roles: str, organisation: str | None = "DEFRA", member: UUID | None = MEMBER) -> Caller:
    return Caller(ACCOUNT, member, organisation, frozenset(roles))


def test_the_owner_may() -> None:
    permit(caller("member"), owner=MEMBER)


def test_a_stranger_learns_nothing_of_what_another_owns() -> None:
    with pytest.raises(NotFound):
        permit(caller("member"), owner=OTHER)
    with pytest.raises(NotFound):
        permit(caller("member", member=None), "team", owner=OTHER)


def test_a_role_may_where_it_is_named() -> None:
    permit(caller("team"), "team", "operator")
    permit(caller("team"), "team", owner=OTHER)
    permit(caller("team", organisation="MOD"), "team", organisation="DEFRA")


def test_no_role_of_those_named_is_forbidden() -> None:
    for someone in (caller(), caller("member"), caller("hosep", "volunteer")):
        with pytest.raises(Forbidden):
            permit(someone, "team", "operator")
    with pytest.raises(Forbidden):
        permit(caller("team"))


@pytest.mark.parametrize("role", ["hosep", "recruiting-manager"])
def test_a_role_of_one_organisation_holds_there_only(role: str) -> None:
    permit(caller(role), role, organisation="DEFRA")
    with pytest.raises(NotFound):
        permit(caller(role), role, organisation="MOD")
    with pytest.raises(NotFound):
        permit(caller(role, organisation=None), role, organisation="DEFRA")
    with pytest.raises(NotFound):
        permit(caller(role), role, owner=OTHER)
    with pytest.raises(Forbidden):
        permit(caller(role), role)
    with pytest.raises(Forbidden):
        permit(caller(role, organisation=None), role, organisation=None)


def test_another_role_of_the_same_person_does_not_widen_the_one_that_was_named() -> None:
    with pytest.raises(NotFound):
        permit(caller("hosep", "member"), "recruiting-manager", organisation="DEFRA")


def test_a_role_that_nobody_can_hold_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no such role: admin"):
        permit(caller("team"), "admin")
