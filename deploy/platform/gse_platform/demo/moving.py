"""People move: a promotion, an organisation that is merged, somebody who leaves and comes back, and one known twice."""

from collections.abc import Sequence
from datetime import date, timedelta

from contracts.members import Grade
from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at
from gse_platform.people import Person

MEMBERS = "/api/members/v1"
PEOPLE = 5
MERGED_INTO = "DSTL"


async def move(scene: Scene, on: date, people: Sequence[Person]) -> None:
    """Five people of the file, each with a change of their own, and the merger of the organisation that one went to."""
    promoted, moved, back, twice, careful = people
    by = dict(zip(people, await scene.actors.introduce(people), strict=True))
    code = f"LAB-{on.year}"
    with scene.chapter("people are promoted, move, leave and come back"):
        here = f"{MEMBERS}/members/{await scene.actors.member_id(by[promoted])}"
        grade = (await scene.actors.get(here, by[promoted]))["grade"]
        await scene.actors.post(f"{here}/grade-changes", {"grade": _next(grade)}, who=by[promoted])
        lab = {"code": code, "name": f"Laboratory of {on.year}", "opened_on": str(on - timedelta(days=365))}
        await scene.actors.post(f"{MEMBERS}/organisations", lab, who="team")
        here = f"{MEMBERS}/members/{await scene.actors.member_id(by[moved])}"
        grade = (await scene.actors.get(here, by[moved]))["grade"]
        await scene.actors.post(f"{here}/transfers", {"organisation": code, "grade": grade}, who=by[moved])
        gone = await scene.actors.member_id(by[back])
        await scene.actors.post(f"{MEMBERS}/members/{gone}/departures", who=by[back])
        await all_know(scene)
        await scene.actors.post(f"{MEMBERS}/members", _form(back), who="team")
        await all_know(scene)
    with scene.chapter("two members are one person, and somebody wants their details used for no more than must be"):
        same = _form(twice) | {"email": f"again.{twice.email}"}
        again = (await scene.actors.post(f"{MEMBERS}/members", same, who="team"))["member_id"]
        await all_know(scene)
        stays = await scene.actors.member_id(by[twice])
        await scene.actors.post(f"{MEMBERS}/members/{stays}/mergers", {"ended": again}, who="team")
        here = f"{MEMBERS}/members/{await scene.actors.member_id(by[careful])}"
        await scene.actors.post(f"{here}/restrictions", who=by[careful])
        await all_know(scene)
        await scene.actors.post(f"{here}/restriction-ends", who=by[careful])
        await all_know(scene)
    closes = on - timedelta(days=55)
    with scene.chapter("an organisation is merged with another, on a day that was said before"):
        merger = {"into": [MERGED_INTO], "on": str(closes)}
        await scene.actors.post(f"{MEMBERS}/organisations/{code}/mergers", merger, who="team")
        await all_know(scene)
    with scene.chapter("its members are where it went", at(closes, 9)):
        mover = str(await scene.actors.member_id(by[moved]))
        await scene.listener.wait_for("MemberTransferred", mover, seconds=SOON_SECONDS)
        await all_know(scene)


def _next(grade: str) -> Grade:
    """The one above, which there is: nobody among the demo's people has the highest."""
    ladder = list(Grade)
    return ladder[ladder.index(Grade(grade)) + 1]


def _form(its: Person) -> dict[str, object]:
    return {"name": its.name, "email": its.email, "organisation": its.organisation, "grade": its.grade} | {
        "interests": [],
        "skills": [],
    }
