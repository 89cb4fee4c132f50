"""Seats of the Shadow Board open, who was chosen has one for a term, advises, and is answered."""

from datetime import timedelta
from typing import Any, Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.commands.opportunities import applicants
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession, Seat

BOARD: Final = "/api/members/v1/shadow-board"
SEATS: Final = 4
TERMS: Final = (1, 1, 200)  # days: over when the night has passed and another day, and not before the end
MOST_CALLS: Final = 4  # that are looked through for somebody
WITHOUT_A_SEAT: Final = 0.2  # how often somebody advises who may not


async def open_seat(profession: Profession) -> None:
    if len(profession.seats) >= SEATS:
        await join(profession)
        return
    form = {"title": f"Seat {len(profession.history.commands)}"}
    its = await profession.history.ask("open-seat", f"{BOARD}/seats", form, profession.holding("team"), made="seat_id")
    if its.outcome == "ok":
        profession.seats.append(Seat(its.made))


async def appoint(profession: Profession) -> None:
    """Somebody who was chosen, to a seat that may be taken; now and then somebody who was not chosen."""
    seats = [its for its in profession.seats if not its.busy]
    chosen = await _to_appoint(profession) if seats else []
    if not chosen:
        await join(profession)
        return
    seat, applicant = profession.chance.choice(seats), profession.chance.choice(chosen)
    seat.busy = True
    today, ends_on = profession.today(), seat.taken_until
    if ends_on is None or ends_on <= today:  # else it is the rest of a term, or taken, which is refused
        ends_on = today + timedelta(days=profession.chance.choice(TERMS))
    member_id = str(applicant["member_id"])
    its = await profession.history.ask(
        "appoint",
        f"{BOARD}/seats/{seat.seat_id}/appointments",
        {"number": applicant["number"], "ends_on": str(ends_on)},
        profession.holding("team"),
        about=seat.seat_id,
        asked={"member_id": member_id, "ends_on": str(ends_on)},
    )
    for person in profession.people:
        person.has_a_seat |= person.member_id == member_id and its.outcome == "ok"
    seat.taken_until = ends_on if its.outcome == "ok" else seat.taken_until
    seat.busy = its.outcome == "unknown"


async def _to_appoint(profession: Profession) -> list[dict[str, Any]]:
    """Who was chosen for the Shadow Board and has no seat; whoever applied, where there is nobody like that."""
    calls = [its for its in profession.calls if its.kind == "shadow-board"]
    found = [each for call in calls[-MOST_CALLS:] for each in await applicants(profession, call)]
    sits = {its.member_id for its in profession.people if its.has_a_seat}
    return [its for its in found if its["state"] == "chosen" and str(its["member_id"]) not in sits] or found


async def stand_down(profession: Profession) -> None:
    """Somebody gives up their seat, or the team ends a term before its day."""
    seats = await profession.shown(f"{BOARD}/seats", profession.holding("team"), "seats")
    taken = [its for its in seats if its["term_id"]]
    if not taken:
        await join(profession)
        return
    there = profession.chance.choice(taken)
    holder = next((its for its in profession.people if its.member_id == there["member_id"] and not its.busy), None)
    by_themselves = holder is not None and profession.chance.random() < 0.5  # noqa: PLR2004 (half)
    if holder:
        holder.busy = True
    its = await profession.history.ask(
        "stand-down",
        f"{BOARD}/terms/{there['term_id']}/ending",
        None,
        profession.by(holder) if holder and by_themselves else profession.holding("team"),
        about=there["seat_id"],
        asked={"member_id": there["member_id"], "by": "themselves" if by_themselves else "team"},
    )
    if holder:
        holder.has_a_seat &= its.outcome != "ok"
        profession.free(holder, its)


async def advise(profession: Profession, person: Person) -> None:
    """Whoever has a seat speaks rather than this one, if they are free; without one it is refused."""
    seated = [its for its in profession.people if its.has_a_seat and not its.busy and its.present]
    if not seated and profession.chance.random() > WITHOUT_A_SEAT:
        await change_grade(profession, person)
        return
    person = profession.instead(person, seated)
    its = await profession.history.ask(
        "advise",
        f"{BOARD}/advice",
        {"title": "Hear us", "advice": "Ask before you decide"},
        profession.by(person),
        about=person.member_id,
        made="advice_id",
    )
    if its.outcome == "ok":
        profession.advice.append(its.made)
    profession.free(person, its)


async def answer(profession: Profession) -> None:
    """What the board of the profession says to some advice, once; the last is asked twice now and then."""
    if not profession.advice:
        await join(profession)
        return
    advice_id = profession.chance.choice(profession.advice)
    if profession.chance.random() > WITHOUT_A_SEAT:
        profession.advice.remove(advice_id)
    await profession.history.ask(
        "answer-advice",
        f"{BOARD}/advice/{advice_id}/answers",
        {"answer": "We will"},
        profession.holding("team"),
        about=advice_id,
    )
