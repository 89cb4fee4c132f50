"""The team opens opportunities, members apply and withdraw, a lot or the team chooses, and focus groups meet."""

from datetime import timedelta
from typing import Any, Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Call, Profession

OPPORTUNITIES: Final = "/api/members/v1/opportunities"
KINDS: Final = (
    "focus-group",
    "focus-group",
    "focus-group",
    "shadow-board",
    "shadow-board",
    "shadow-board",
    "champion",
    "programme",
)
FIRST_CALLS: Final = 4
COMMANDS_FOR_ANOTHER: Final = 70
# Until it closes: in the run itself, in the night, and not before the end.
SOON, TONIGHT, LATER = timedelta(seconds=25), timedelta(hours=3), timedelta(days=40)
CLOSING: Final = (SOON, SOON, SOON, TONIGHT, LATER)
CAPACITIES: Final = (1, 2, 3, 12)
RULES: Final = ("everybody", "below-scs", "below-scs", "up-to-seo")
TOO_EARLY_OR_LATE: Final = 0.1  # how often somebody asks what is refused


async def open_call(profession: Profession) -> None:
    if len(profession.calls) >= FIRST_CALLS + len(profession.history.commands) // COMMANDS_FOR_ANOTHER:
        await join(profession)
        return
    closes_at = profession.now() + profession.chance.choice(CLOSING)
    kind, capacity = profession.chance.choice(KINDS), profession.chance.choice(CAPACITIES)
    asked = {"kind": kind, "capacity": str(capacity), "eligibility": profession.chance.choice(RULES)}
    meets_on = closes_at.date() + timedelta(days=20) if profession.chance.random() < 0.5 else None  # noqa: PLR2004 (half)
    form = asked | {
        "title": "A place for you",
        "summary": "Say what you think",
        "closes_at": closes_at.isoformat(),
        "meets_on": str(meets_on) if meets_on else None,
        "capacity": capacity,
    }
    its = await profession.history.ask(
        "open-call", OPPORTUNITIES, form, profession.holding("team"), asked=asked, made="opportunity_id"
    )
    if its.outcome == "ok":
        profession.calls.append(Call(its.made, kind, closes_at, capacity))


async def register(profession: Profession, person: Person) -> None:
    """They apply: mostly while it is open and they have not; the grade of some is too high."""
    now = profession.now()
    late = profession.chance.random() < TOO_EARLY_OR_LATE
    some = [its for its in profession.calls if its.closes_at > now or late]
    if not some:
        await change_grade(profession, person)
        return
    there = profession.chance.choice(some[-3:]).opportunity_id
    its = await profession.history.ask(
        "apply",
        f"{OPPORTUNITIES}/{there}/interests",
        {"statement": profession.names.words()},
        profession.by(person),
        about=person.member_id,
        asked={"opportunity_id": there},
    )
    person.interests |= {there} if its.outcome == "ok" else set()
    profession.free(person, its)


async def withdraw(profession: Profession, person: Person) -> None:
    """They take interest back or give up a place; who never applied is refused."""
    some = sorted(person.interests)
    if not some or profession.chance.random() < TOO_EARLY_OR_LATE:
        some = [its.opportunity_id for its in profession.calls]
    if not some:
        await change_grade(profession, person)
        return
    there = profession.chance.choice(some)
    its = await profession.history.ask(
        "withdraw",
        f"{OPPORTUNITIES}/{there}/withdrawals",
        None,
        profession.by(person),
        about=person.member_id,
        asked={"opportunity_id": there},
    )
    person.interests -= {there} if its.outcome == "ok" else set()
    profession.free(person, its)


async def move_a_call_on(profession: Profession) -> None:
    """The team chooses by hand, says that a focus group has met, or what it found; also when it may not."""
    now, asks_early = profession.now(), profession.chance.random() < TOO_EARLY_OR_LATE
    some = [
        its
        for its in profession.calls
        if not its.busy and its.stage != "published" and (its.closes_at <= now or asks_early)
    ]
    if not some:
        await join(profession)
        return
    call = profession.chance.choice(some)
    call.busy = True
    answered = await _move_on(profession, call)
    call.busy = not answered


async def _move_on(profession: Profession, call: Call) -> bool:
    """Whether there was an answer."""
    if call.kind != "focus-group" or profession.chance.random() < TOO_EARLY_OR_LATE:
        return await _select(profession, call)
    if call.stage == "open":
        kind, place, form = "hold", "holdings", {"held_on": str(profession.today())}
    else:
        kind, place = "publish-findings", "findings"
        form = {"title": "What we heard", "summary": "Say it sooner", "link": "https://www.gov.uk/gse"}
    its = await profession.history.ask(
        kind,
        f"{OPPORTUNITIES}/{call.opportunity_id}/{place}",
        form,
        profession.holding("team"),
        about=call.opportunity_id,
        asked={"held_on": form["held_on"]} if kind == "hold" else {},
    )
    if its.outcome == "ok":
        call.stage = "held" if kind == "hold" else "published"
    return its.outcome != "unknown"


async def _select(profession: Profession, call: Call) -> bool:
    """Some of those who have applied; now and then more than there are places."""
    waiting = [its["number"] for its in await applicants(profession, call) if its["state"] != "chosen"]
    most = min(len(waiting), call.capacity + (profession.chance.random() < TOO_EARLY_OR_LATE))
    numbers = profession.chance.sample(waiting, profession.chance.randint(1, most) if most else 0)
    its = await profession.history.ask(
        "select",
        f"{OPPORTUNITIES}/{call.opportunity_id}/selections",
        {"numbers": numbers},
        profession.holding("team"),
        about=call.opportunity_id,
        asked={"numbers": " ".join(numbers)},
    )
    return its.outcome != "unknown"


async def applicants(profession: Profession, call: Call) -> list[dict[str, Any]]:
    """As the team sees them; nobody where there is no answer."""
    place = f"{OPPORTUNITIES}/{call.opportunity_id}/interests"
    return await profession.shown(place, profession.holding("team"), "applicants")
