"""Events are proposed, signed off, published and hosted; members register."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Gathering, Profession

HOSTED = "/api/events/v1/events"
CAPACITIES = (8, 5000)  # one that is soon full, and one that never is
# Each publication writes to everybody who is there, so events are few, and fewer the more people there are.
FIRST_GATHERINGS = 12
COMMANDS_FOR_ANOTHER = 1500
DAYS = (2, 30)  # that an event lasts: one is over when a weekly digest comes, and one is not


async def propose(profession: Profession) -> None:
    if len(profession.gatherings) >= FIRST_GATHERINGS + len(profession.history.commands) // COMMANDS_FOR_ANOTHER:
        await join(profession)
        return
    begins = datetime.now(UTC) - timedelta(hours=1)  # so that it can be said to be hosted
    form: dict[str, Any] = {
        "title": "An hour of science",
        "summary": "Somebody shows what they do",
        "link": "https://www.gov.uk/gse",
        "place": "London and online",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(days=profession.chance.choice(DAYS))).isoformat(),
        "capacity": profession.chance.choice(CAPACITIES),
    }
    its = await profession.history.ask("propose", HOSTED, form, profession.holding("volunteer"), made="hosted_event_id")
    if its.outcome == "ok":
        profession.gatherings.append(Gathering(its.made, "proposed"))


async def move_a_gathering_on(profession: Profession) -> None:
    """One step of one event: signed off by the team, published and at last hosted by its proposer."""
    steps = {"proposed": ("sign-off", "team", "signed-off"), "signed-off": ("publish", "volunteer", "published")}
    free = [its for its in profession.gatherings if not its.busy and its.state in steps]
    old = [its for its in profession.gatherings[:-6] if not its.busy and its.state == "published"]
    if not free and not old:
        await join(profession)
        return
    its = profession.chance.choice(free or old)
    kind, role, then = steps.get(its.state, ("host", "volunteer", "hosted"))
    its.busy = True
    answer = await profession.history.ask(
        kind, f"{HOSTED}/{its.event_id}/{kind}", None, profession.holding(role), about=its.event_id
    )
    its.state = then if answer.outcome == "ok" else its.state
    its.busy = answer.outcome == "unknown"


async def register(profession: Profession, person: Person) -> None:
    open_ones = [its for its in profession.gatherings if its.state in {"published", "hosted"}]
    if not open_ones:
        await change_grade(profession, person)
        return
    there = profession.chance.choice(open_ones[-8:]).event_id
    asked = {"hosted_event_id": there, "member_id": person.member_id}
    its = await profession.history.ask(
        "register",
        f"{HOSTED}/{there}/registrations",
        None,
        profession.by(person),
        about=person.member_id,
        asked=asked,
        made="registration_id",
    )
    profession.free(person, its)
