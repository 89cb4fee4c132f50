"""What a deployment says wrongly is found before anything is served."""

from uuid import uuid4

import pytest
from pydantic import ValidationError

from members.places.organisations import Organisation, Register
from members.roles.domain import Grant
from members.settings import BootstrapRole
from members.signing_in.api import bootstrap_grants


def test_a_role_names_its_organisation_by_code_or_name() -> None:
    assert BootstrapRole(subject="gareth", role="hosep", organisation="Met Office").organisation == "Met Office"
    assert BootstrapRole(subject="helen", role="team").organisation is None


@pytest.mark.parametrize(
    ("role", "organisation"),
    [("emperor", None), ("hosep", None), ("team", "Defra")],
)
def test_a_role_that_cannot_hold_is_refused(role: str, organisation: str | None) -> None:
    with pytest.raises(ValidationError):
        BootstrapRole(subject="gareth", role=role, organisation=organisation)


def test_a_role_of_deployment_holds_for_a_known_organisation_and_an_unknown_one_lets_nobody_in() -> None:
    register = Register((Organisation(uuid4(), "MET-OFFICE", "Met Office"),))
    known = BootstrapRole(subject="gareth", role="hosep", organisation="met office")
    unknown = BootstrapRole(subject="helen", role="hosep", organisation="Atlantis")

    assert bootstrap_grants([known, unknown], "gareth", register) == [Grant("hosep", "MET-OFFICE")]
    with pytest.raises(LookupError, match="MEMBERS_BOOTSTRAP_ROLES"):
        bootstrap_grants([known, unknown], "helen", register)
