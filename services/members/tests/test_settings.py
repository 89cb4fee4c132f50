"""What a deployment says wrongly is found before anything is served."""

import pytest
from pydantic import ValidationError

from members.settings import BootstrapRole


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
