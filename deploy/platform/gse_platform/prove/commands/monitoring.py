"""Members answer equality monitoring and are restricted; the team publishes the figures of the last quarter."""

from typing import Final

from gse_platform.prove.commands.members import join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import MEMBERS, Profession

RELEASES: Final = "/api/members/v1/statistics-releases"
ANSWERS: Final = {
    "sex": ("female", "male", "prefer-not-to-say"),
    "orientation": ("heterosexual", "gay-or-lesbian", "bisexual", "prefer-not-to-say"),
    "religion": ("none", "christian", "buddhist", "hindu", "jewish", "muslim", "sikh"),
}
ENOUGH: Final = 35  # answers, before there is something to show
ASKS_IN_VAIN: Final = 0.1  # how often an answer is none of the question's, or a quarter is not the last


async def answer(profession: Profession, person: Person) -> None:
    """All their answers anew; now and then one that is none."""
    asked = {
        question: profession.chance.choice(answers)
        for question, answers in ANSWERS.items()
        if profession.chance.random() < 0.8  # noqa: PLR2004 (most)
    }
    if profession.chance.random() < ASKS_IN_VAIN:
        asked["religion"] = "football"
    its = await profession.history.ask(
        "monitor",
        profession.path(person, "monitoring-answers"),
        {"answers": asked},
        profession.by(person),
        about=person.member_id,
        asked=asked,
        method="PUT",
    )
    profession.free(person, its)


async def delete_answers(profession: Profession, person: Person) -> None:
    """Also where there are none."""
    its = await profession.history.ask(
        "unmonitor",
        profession.path(person, "monitoring-answers"),
        None,
        profession.by(person),
        about=person.member_id,
        method="DELETE",
    )
    profession.free(person, its)


async def restrict(profession: Profession, person: Person) -> None:
    await _settle(profession, person, "restrict", "restrictions")


async def lift(profession: Profession, person: Person) -> None:
    """Of somebody who is restricted rather than of this one, if there is one who is free."""
    some = [its for its in profession.people if its.restricted and its.present and not its.busy]
    await _settle(profession, profession.instead(person, some), "lift", "restriction-ends")


async def _settle(profession: Profession, person: Person, kind: str, place: str) -> None:
    """By the member or by the team; what is so already stays so, and nothing is said."""
    by_the_team = profession.chance.choice((True, False))
    its = await profession.history.ask(
        kind,
        f"{MEMBERS}/{person.member_id}/{place}",
        None,
        profession.holding("team") if by_the_team else profession.by(person),
        about=person.member_id,
    )
    person.restricted = kind == "restrict" if its.outcome == "ok" else person.restricted
    profession.free(person, its)


async def release(profession: Profession) -> None:
    """Once somebody is restricted, who is to be left out, and figures can be shown; again, nothing happens."""
    answered = sum((its.kind, its.outcome) == ("monitor", "ok") for its in profession.history.commands.values())
    if answered < ENOUGH or not any(its.restricted for its in profession.people):
        await join(profession)
        return
    today = profession.today()
    quarters = today.year * 4 + (today.month - 1) // 3 - 1
    if profession.chance.random() < ASKS_IN_VAIN:
        quarters -= 1
    period = f"{quarters // 4}-Q{quarters % 4 + 1}"
    await profession.history.ask(
        "release", RELEASES, {"period": period}, profession.holding("team"), asked={"period": period}, made="release_id"
    )
