"""Roles, confirmed addresses and champions, in which everything held, and one doctored fact a time."""

from dataclasses import replace
from typing import Any

from doctored_opportunities import saying
from healthy_run import ADA, BEN, CAT, Doctor, said, with_more, with_row, without

from gse_platform.prove.check_membership import (
    addresses_are_confirmed_by_links,
    champions_serve_their_terms,
    roles_are_as_given,
)
from gse_platform.prove.check_organisations import mergers_are_carried_out
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Command, Facts, Said

THEME, FIRST, SECOND = "theme-id", "first-term", "second-term"


def done(number: int, kind: str, who: str, **asked: str) -> Command:
    return Command(number, kind, who, asked, "ok")


def role(who: str, sequence: int, name: str, which: str) -> Said:
    return said(who, sequence, name, role=which)


def appointed(place: int, term: str, who: str, ends_on: str) -> Said:
    its = said(term, 1, "ChampionAppointed", member_id=who, theme_id=THEME, ends_on=ends_on)
    return replace(its, place=place)


def ended(place: int, term: str, who: str, *, how: str, vacancy: bool) -> Said:
    its = said(term, 2, "ChampionTermEnded", member_id=who, theme_id=THEME, ended=how, vacancy=vacancy)
    return replace(its, place=place)


def member(who: str, **more: Any) -> dict[str, Any]:
    return {"member_id": who, "organisation": "NEW", "left_on": None, "address_verified_at": None, **more}


HELD = Facts(
    commands=[
        done(0, "grant", ADA, role="team"),
        done(1, "grant", ADA, role="team"),
        done(2, "grant", ADA, role="volunteer"),
        done(3, "revoke", ADA, role="team"),
        done(4, "revoke", BEN, role="team"),
        done(5, "grant", CAT, role="team"),
        done(6, "grant", CAT, role="volunteer"),
        done(7, "leave", CAT),
        done(8, "confirm", ADA),
        done(9, "confirm", BEN),
        done(10, "contact", BEN),
        done(11, "champion", ADA, theme_id=THEME, ends_on="2026-03-08"),
        done(12, "champion", BEN, theme_id=THEME, ends_on="2027-03-08"),
        done(13, "end-champion", SECOND),
        Command(14, "register-organisation", "", {"code": "OLD"}, "ok", "OLD"),
        Command(15, "register-organisation", "", {"code": "NEW"}, "ok", "NEW"),
        done(16, "merge-organisations", "OLD", into="NEW", on="2027-03-01"),
        done(17, "merge-organisations", "OLD", into="NEW", on="2026-03-09"),
    ],
    said=[
        role(ADA, 2, "RoleGranted", "team"),
        role(ADA, 3, "RoleGranted", "volunteer"),
        role(ADA, 4, "RoleRevoked", "team"),
        role(CAT, 2, "RoleGranted", "team"),
        role(CAT, 3, "RoleGranted", "volunteer"),
        role(CAT, 4, "RoleRevoked", "volunteer"),
        role(CAT, 5, "RoleRevoked", "team"),
        said(CAT, 6, "MemberLeft"),
        appointed(10, FIRST, ADA, "2026-03-08"),
        appointed(11, SECOND, BEN, "2027-03-08"),
        ended(12, SECOND, BEN, how="by-the-team", vacancy=False),
        ended(13, FIRST, ADA, how="over", vacancy=True),
        said("old", 1, "OrganisationRegistered", code="OLD"),
        said("new", 1, "OrganisationRegistered", code="NEW"),
        said(BEN, 2, "MemberTransferred", organisation="OLD", grade="EO"),
        said(BEN, 3, "MemberGradeChanged", organisation="OLD", grade="HEO"),
        said("old", 2, "OrganisationMerged", code="OLD"),
        said(BEN, 4, "MemberTransferred", organisation="NEW", grade="HEO"),
    ],
    rows={
        "members.member_role": [{"member_id": ADA, "role": "volunteer"}],
        "members.member": [member(ADA, address_verified_at="then"), member(BEN), member(CAT, left_on="2026-03-01")],
    },
    now="2026-03-09T12:00:00+00:00",
)

ROLES, CONFIRMED, CHAMPIONS = roles_are_as_given, addresses_are_confirmed_by_links, champions_serve_their_terms
MERGED = mergers_are_carried_out
TWICE = ended(14, FIRST, ADA, how="over", vacancy=True)
MOVED_AGAIN = said(BEN, 5, "MemberTransferred", organisation="NEW", grade="HEO")
NOBODYS = appointed(9, "third-term", CAT, "2027-03-08")
DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("a role was given and nobody said so", ROLES, without("said", 1)),
    ("a role was said to be given twice", ROLES, with_more("said", role(ADA, 5, "RoleGranted", "volunteer"))),
    ("a role was not taken back", ROLES, without("said", 2)),
    ("who never had a role lost it", ROLES, with_more("said", role(BEN, 2, "RoleRevoked", "team"))),
    ("a leaver kept a role", ROLES, without("said", 6)),
    ("another role was taken back", ROLES, saying(2, role="volunteer")),
    ("the row of a role is gone", ROLES, with_row("members.member_role", 0, role="team")),
    ("an address is confirmed that nobody confirmed", CONFIRMED, without("commands", 8)),
    ("a new address is confirmed by an old link", CONFIRMED, with_row("members.member", 1, address_verified_at="then")),
    ("a confirmed address is not", CONFIRMED, with_row("members.member", 0, address_verified_at=None)),
    ("a champion was not appointed", CHAMPIONS, without("said", 9)),
    ("a champion was appointed whom nobody asked for", CHAMPIONS, with_more("said", NOBODYS)),
    ("a term did not end with its day", CHAMPIONS, without("said", 11)),
    ("a term that the team ended did not", CHAMPIONS, without("said", 10)),
    ("a term ended that nobody ended", CHAMPIONS, without("commands", 13)),
    ("a term ended for another reason", CHAMPIONS, saying(11, ended="gone")),
    ("a term ended twice", CHAMPIONS, with_more("said", TWICE)),
    ("the last end leaves no vacancy", CHAMPIONS, saying(11, vacancy=False)),
    ("an organisation was registered and nobody said so", MERGED, without("said", 12)),
    ("an organisation did not merge on its day", MERGED, without("said", 16)),
    ("an organisation merged before its day", MERGED, without("commands", 17)),
    ("an organisation merged twice", MERGED, with_more("said", said("old", 3, "OrganisationMerged", code="OLD"))),
    ("somebody is in an organisation that has closed", MERGED, with_row("members.member", 1, organisation="OLD")),
    ("somebody was moved from elsewhere", MERGED, without("said", 14)),
    ("somebody was moved and lost their grade", MERGED, saying(17, grade="EO")),
    ("somebody was moved twice", MERGED, with_more("said", MOVED_AGAIN)),
    ("an end leaves a vacancy where somebody serves", CHAMPIONS, saying(10, vacancy=True)),
]
