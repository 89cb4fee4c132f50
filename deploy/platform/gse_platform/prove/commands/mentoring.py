"""Schemes open, members enrol, pairs are found and published."""

from gse_platform.prove.commands.members import join
from gse_platform.prove.people import SKILLS, Person
from gse_platform.prove.profession import Profession

SCHEMES = "/api/mentoring/v1/schemes"
LARGEST_SCHEME = 120  # enrolments, then another one opens


async def open_scheme(profession: Profession) -> None:
    profession.enrolled = 0
    form = {
        "title": "GSE Connect",
        "summary": "Peers for a year",
        "link": "https://www.gov.uk/gse",
        "across_organisations": profession.chance.choice((True, False)),
    }
    its = await profession.history.ask(
        "open-scheme", SCHEMES, form, profession.holding("scheme-lead"), made="scheme_id"
    )
    profession.scheme = its.made or profession.scheme


async def enrol(profession: Profession, person: Person) -> None:
    if profession.enrolled >= LARGEST_SCHEME:
        await open_scheme(profession)
    scheme = profession.scheme
    form = {
        "attestation": True,
        "offers": profession.chance.sample(SKILLS, 3),
        "seeks": profession.chance.sample(SKILLS, 3),
    }
    profession.enrolled += 1
    its = await profession.history.ask(
        "enrol",
        f"{SCHEMES}/{scheme}/enrolments",
        form,
        profession.by(person),
        about=person.member_id,
        asked={"scheme_id": scheme},
        made="enrolment_id",
    )
    profession.free(person, its)


async def match(profession: Profession) -> None:
    if profession.matching or profession.enrolled < 6:  # noqa: PLR2004 (enough for a pair or two)
        await join(profession)
        return
    profession.matching = True
    its = await profession.history.ask(
        "match",
        f"{SCHEMES}/{profession.scheme}/match-runs",
        None,
        profession.holding("scheme-lead"),
        about=profession.scheme,
        made="run_id",
    )
    if its.outcome == "ok":
        await profession.history.ask(
            "publish-run",
            f"/api/mentoring/v1/match-runs/{its.made}/publish",
            None,
            profession.holding("scheme-lead"),
            about=its.made,
        )
    profession.matching = False
