"""What is decided of the verification of an address: the link is right, in time and new, or which of these it is not.

Refused
├── NoSuchLink         it was never sent, was sent to an address that is not theirs any more, or a newer one was
├── LinkExpired        48 hours have passed since it was asked for; another can be sent to the same address
├── AlreadyVerified    nothing is to be confirmed
└── AskedJustNow       a mail is on its way
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.web import moment
from contracts.members import MemberContactChanged
from contracts.refusal import NotFound, Refused
from members.membership.domain import HasLeft, Member, ask_to_verify

LASTS: Final = timedelta(hours=48)
PAUSE: Final = timedelta(minutes=10)


class NoSuchLink(NotFound):
    def __init__(self) -> None:
        super().__init__(
            "This link does not work. Use the newest that we sent you, or have one sent from your profile."
        )


class LinkExpired(Refused):
    def __init__(self) -> None:
        super().__init__("This link worked for 48 hours, which have passed. Have another one sent.")


class AlreadyVerified(Refused):
    def __init__(self) -> None:
        super().__init__("This email address is confirmed already. There is nothing more to do.")


class AskedJustNow(Refused):
    """`until` is when another mail can be asked for."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            "A mail with a link was sent less than ten minutes ago. Look among unwanted mail; "
            f"you can have another one sent from {moment(until)}."
        )


def confirm(member: Member | None, *, is_right: bool, now: datetime) -> Member:
    """The member, whose address is confirmed by the link. `is_right`: its proof is of the address that they have.

    Raises `NoSuchLink`, `LinkExpired`, `AlreadyVerified`.
    """
    if member is None or not is_right or member.verification_asked_at is None:
        raise NoSuchLink
    if member.address_verified_at is not None:
        raise AlreadyVerified
    if now >= member.verification_asked_at + LASTS:
        raise LinkExpired
    return replace(member, address_verified_at=now)


def ask_again(member: Member, verification_id: UUID, now: datetime) -> tuple[Member, MemberContactChanged]:
    """Another link, which alone works from now on. Raises `HasLeft`, `AlreadyVerified`, `AskedJustNow`."""
    if member.left_on is not None:
        raise HasLeft
    if not member.address_is_open:
        raise AlreadyVerified
    if member.verification_asked_at is not None and now < member.verification_asked_at + PAUSE:
        raise AskedJustNow(member.verification_asked_at + PAUSE)
    return ask_to_verify(member, verification_id, now)
