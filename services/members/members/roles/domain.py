"""What members decides on roles: who is given one, who loses it. No I/O.

Refused
├── NotToYourself          nobody gives themselves a role
├── NotTheirOrganisation   a role for one organisation is for the member's own
└── (HasLeft: members.membership.domain)
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from contracts.members import Role, RoleGranted, RoleRevoked
from contracts.refusal import Refused
from members.membership.domain import HasLeft, Member


class NotToYourself(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody gives themselves a role. Ask somebody else in the central team.")


class NotTheirOrganisation(Refused):
    def __init__(self) -> None:
        super().__init__("This role holds for one organisation, and the member works for another one.")


@dataclass(frozen=True)
class Grant:
    """A role; with an organisation (a code) it holds there alone."""

    role: str
    organisation: str | None = None


def grant(member: Member, held: Collection[Grant], wanted: Grant, *, by: UUID | None) -> RoleGranted | None:
    """None when the member has the role already. `by` is the member behind whoever gives it.

    Raises `NotToYourself`, `HasLeft`, `NotTheirOrganisation`.
    """
    if member.member_id == by:
        raise NotToYourself
    if member.left_on is not None:
        raise HasLeft
    if wanted.organisation not in (None, member.organisation):
        raise NotTheirOrganisation
    if wanted in held:
        return None
    return RoleGranted(member_id=member.member_id, role=Role(wanted.role), organisation=wanted.organisation)


def take_back(member_id: UUID, held: Collection[Grant], unwanted: Grant) -> RoleRevoked | None:
    """None when the member does not have the role."""
    return _revoked(member_id, unwanted) if unwanted in held else None


def take_back_all(member_id: UUID, held: Collection[Grant]) -> list[RoleRevoked]:
    """For a member who leaves, or of what they are for an organisation for one who moves to another."""
    return [_revoked(member_id, its) for its in held]


def _revoked(member_id: UUID, its: Grant) -> RoleRevoked:
    return RoleRevoked(member_id=member_id, role=Role(its.role), organisation=its.organisation)
