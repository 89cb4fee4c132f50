"""A site with something to see on every page: what was, what is going on, and what comes.

It is made at the front door, by the personas and by people who are members. What is over was begun first; then the
business clock is moved, so that what closes by itself has closed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from gse_platform.clock import move_clock, offset, wall_clock
from gse_platform.demo.acting import Actors
from gse_platform.demo.figures import last_quarter
from gse_platform.people import Person
from testkit.eventually import eventually

MEMBERS, MENTORING, EVENTS = "/api/members/v1", "/api/mentoring/v1", "/api/events/v1"
SOON = 60  # seconds
APPLICANTS = ("member", "volunteer", "scheme-lead")
LATER = timedelta(days=3)
DUE = (-60, -40, 20, 21, 90)  # days from today, of the first promises
HEARD, ANSWERING = 8, 24  # of the others; fewer would be hidden in the figures


async def bring_in(actors: Actors, file: str) -> str:
    """Import a file of members as the team, to its last row; gives the id of the import."""
    place = f"{MEMBERS}/imports"
    sent = {"file": ("members.csv", file.encode(), "text/csv")}
    bearer = await actors.signed_in("team")
    answer = await actors.client.post(actors.state["front_door"] + place, files=sent, headers=bearer)
    its: str = answer.raise_for_status().json()["import_id"]

    async def is_done() -> bool:
        return bool((await actors.get(f"{place}/{its}", "team"))["state"] == "done")

    await eventually(is_done, timeout=600)
    return its


def with_mistakes(people: Sequence[Person]) -> list[Person]:
    """The same people, one of them twice with two addresses, and two rows that cannot be taken."""
    one = people[-2]  # the last is forgotten
    twice = Person(one.name, f"again.{one.email}", one.organisation, one.grade, one.joined_on, "", "")
    return [
        *people,
        twice,
        Person("Jo Nowhere", "jo@narnia.example", "Narnia", "HEO", "2020-01-01", "", ""),
        Person("", "no.name@ukhsa.example", "UKHSA", "Admiral", "2020-01-01", "", ""),
    ]


async def furnish(actors: Actors, others: Sequence[str], *, promises: int = len(DUE)) -> dict[str, str]:
    """Furnish a site on which the personas and these `others` are members; gives the id that no list tells.

    `others` are 24 or more, by their subjects at the identity provider. The strategy makes so many `promises`.
    """
    for role in ({"role": "volunteer"}, {"role": "hosep", "organisation": "MET-OFFICE"}):
        await actors.post(f"{MEMBERS}/members/{await actors.member_id('volunteer')}/role-grants", role, who="team")
    made = await _promised(actors, promises)
    answered = {made[3]: others[:HEARD], made[4]: others[:HEARD], made[1]: ()}
    rounds = [await _answered(actors, promise, by) for promise, by in answered.items()]
    calls = [await _open(actors, "focus-group", f"How we {what}", APPLICANTS) for what in ("recruit", "train", "rest")]
    board = await _open(actors, "shadow-board", "Two seats of the Shadow Board", APPLICANTS)
    await _open(actors, "champion", "A champion of returning to work", APPLICANTS)
    await _said_who_they_are(actors, others[:ANSWERING])
    move_clock(Path(actors.state["clock_file"]), (_now(actors) + LATER).isoformat(), wall_clock())

    for its in rounds[1:]:
        await _summed_up(actors, its)
    did = {"you_said": "It is hard to find the time.", "we_did": "An hour is set aside for it."}
    await actors.post(f"{MEMBERS}/feedback-rounds/{rounds[1]}/response", did, who="team")
    await _met(actors, calls[:2])
    await _seated(actors, board)
    await actors.post(f"{MEMBERS}/statistics-releases", {"period": last_quarter(_now(actors).date())}, who="team")
    await _round(actors, made[2], days=20)
    await _open(actors, "focus-group", "What keeps you here", ["member"], days=9)
    await _open(actors, "programme", "A year at another department", [], days=9)
    await _groups(actors)
    await _paired(actors)
    await _event(actors, "An hour of science", "sign-off", "publish")
    await actors.post(f"{MEMBERS}/members/{await actors.member_id(others[-1])}/erasure", who=others[-1])
    return {"proposal": await _event(actors, "Meet the scientists")}


def _now(actors: Actors) -> datetime:
    """By the business clock."""
    return wall_clock() + timedelta(seconds=offset(Path(actors.state["clock_file"])))


async def _promised(actors: Actors, promises: int) -> list[str]:
    """A strategy that shows every kind of commitment, ten a goal: their ids, the first kept."""
    days = (*DUE, *range(DUE[-1] + 1, DUE[-1] + 1 + promises - len(DUE)))
    commitments = [
        {
            "title": f"Promise {number}",
            "owner": "Central team",
            "measure": "It is published.",
            "due_on": str(_now(actors).date() + timedelta(days=due)),
        }
        for number, due in enumerate(days, 1)
    ]
    goals = [
        {"title": f"Goal {first // 10 + 1}", "commitments": commitments[first : first + 10]}
        for first in range(0, promises, 10)
    ]
    form = {
        "follows": 0,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does.",
        "link": "https://gse.example/strategy",
        "mission": "The profession values everybody’s talent.",
        "themes": [{"title": "Know who we are", "goals": goals}],
    }
    published = await actors.post(f"{MEMBERS}/strategies", form, who="team")
    made = [str(its["commitment_id"]) for its in published["themes"][0]["goals"][0]["commitments"]]
    report = {"status": "at-risk", "percent": 40, "summary": "Half of the departments have answered."}
    await actors.post(f"{MEMBERS}/commitments/{made[0]}/completion", who="team")
    await actors.post(f"{MEMBERS}/commitments/{made[2]}/progress", report, who="team")
    return made


async def _round(actors: Actors, promise: str, *, days: int) -> str:
    """A round of feedback."""
    form = {
        "commitment_id": promise,
        "title": "Did the survey reach you?",
        "about": "Think of how you heard of it, and of whether you could answer it at work.",
        "closes_on": str(_now(actors).date() + timedelta(days=days)),
        "must_hear": ["EO", "G7-G6", "CS-DISABILITY-NETWORK"],
    }
    its: str = (await actors.post(f"{MEMBERS}/feedback-rounds", form, who="team"))["round_id"]
    return its


async def _answered(actors: Actors, promise: str, by: Sequence[str]) -> str:
    """A round that closes tomorrow, with answers enough to be told of."""
    its = await _round(actors, promise, days=1)
    for number, who in enumerate(by):
        token = (await actors.post(f"{MEMBERS}/feedback-rounds/{its}/tokens", who=who))["token"]
        answer = {
            "token": token,
            "rating": ("well", "partly")[number % 2],
            "comment": "I heard of it from a colleague.",
        }
        await actors.post(f"{MEMBERS}/feedback-rounds/{its}/answers", answer, who=who)
    return its


async def _summed_up(actors: Actors, round_id: str) -> None:
    """When it has closed."""
    its = f"{MEMBERS}/feedback-rounds/{round_id}"

    async def has_closed() -> bool:
        return (await actors.get(its))["closed_at"] is not None

    await eventually(has_closed, timeout=SOON)
    await actors.post(f"{its}/summary", {"summary": "Most of you have heard of it."}, who="team")


async def _open(actors: Actors, kind: str, title: str, applicants: Sequence[str], *, days: int = 1) -> str:
    """An opportunity with somebody who has applied."""
    closes_at = (_now(actors) + timedelta(days=days)).isoformat()
    form = {"kind": kind, "title": title, "summary": "Two hours.", "capacity": 2, "closes_at": closes_at}
    its: str = (await actors.post(f"{MEMBERS}/opportunities", form, who="team"))["opportunity_id"]
    for who in applicants:
        words = {} if kind == "focus-group" else {"statement": "I came back after three years."}
        await actors.post(f"{MEMBERS}/opportunities/{its}/interests", words, who=who)
    return its


async def _is(actors: Actors, opportunity_id: str, state: str) -> None:
    async def is_so() -> bool:
        return bool((await actors.get(f"{MEMBERS}/opportunities/{opportunity_id}"))["state"] == state)

    await eventually(is_so, timeout=SOON)


async def _met(actors: Actors, calls: Sequence[str]) -> None:
    """Two focus groups, of which the first has findings."""
    for its in calls:
        await _is(actors, its, "selected")
        await actors.post(f"{MEMBERS}/opportunities/{its}/holdings", {"held_on": str(_now(actors).date())}, who="team")
    found = {"title": "What we heard", "summary": "Words matter.", "link": "https://gse.example/found"}
    await actors.post(f"{MEMBERS}/opportunities/{calls[0]}/findings", found, who="team")


async def _seated(actors: Actors, board: str) -> None:
    """One of two who were chosen has a seat, and has advised twice; the other may have the seat that is free."""
    await _is(actors, board, "closed")
    place, seats = f"{MEMBERS}/opportunities/{board}", f"{MEMBERS}/shadow-board/seats"
    applied = (await actors.get(f"{place}/interests", "team"))["applicants"]
    number = {its["member_id"]: its["number"] for its in applied}
    first, second = [number[str(await actors.member_id(who))] for who in APPLICANTS[:2]]
    await actors.post(f"{place}/selections", {"numbers": [first, second]}, who="team")
    free = [(await actors.post(seats, {"title": f"Seat {its}"}, who="team"))["seat_id"] for its in ("one", "two")]
    ends_on = str(_now(actors).date() + timedelta(days=365))
    await actors.post(f"{seats}/{free[0]}/appointments", {"number": first, "ends_on": ends_on}, who="team")
    for title in ("Say who decides", "Begin earlier"):
        form = {"title": title, "advice": "It is not clear to members.\n\nSay it on one page."}
        advised = await actors.post(f"{MEMBERS}/shadow-board/advice", form, who=APPLICANTS[0])
        if title == "Say who decides":
            answers = f"{MEMBERS}/shadow-board/advice/{advised['advice_id']}/answers"
            await actors.post(answers, {"answer": "We will, in May."}, who="team")


async def _said_who_they_are(actors: Actors, everybody: Sequence[str]) -> None:
    """Every second one answers the same, so that the figures have something to show."""
    asked = (await actors.get(f"{MEMBERS}/monitoring-questions"))["questions"]
    for number, who in enumerate(everybody):
        chosen = {its["code"]: its["options"][number % 2]["code"] for its in asked}
        place = f"{MEMBERS}/members/{await actors.member_id(who)}/monitoring-answers"
        await actors.post(place, {"answers": chosen}, who=who, method="PUT")


async def _groups(actors: Actors) -> None:
    """A standing group, and a task group with a volunteer and a meeting; a theme with a champion, and one without."""
    last = _now(actors) + timedelta(days=60)
    words = {"purpose": "It brings members together and takes on what is to come.", "ask": "The chair"}
    await actors.post(f"{MEMBERS}/groups", {"title": "Diversity and Inclusion Action Group", **words}, who="team")
    task = {"charter": "It may ask every department once.", "deliverables": ["A survey", "A report to the board"]}
    form = {"title": "Survey of skills", **words, **task, "ends_on": str(last.date())}
    group = await actors.post(f"{MEMBERS}/task-groups", form, who="team")
    its = f"{MEMBERS}/groups/{group['group_id']}"
    delivered = group["deliverables"][0]["deliverable_id"]
    await actors.post(f"{its}/deliverables/{delivered}/completion", who="team")
    later = {"ends_on": str(last.date() + timedelta(days=30)), "reason": "Two departments need more time."}
    await actors.post(f"{its}/extensions", later, who="team")
    await actors.post(f"{its}/volunteers", {"hours_per_month": 4, "skills": ["research", "writing"]}, who="member")
    times = {"starts_at": last.isoformat(), "ends_at": (last + timedelta(hours=1)).isoformat()}
    meeting = {"title": "Plan the report", "place": "Online", "agenda": "1. What we know\n2. What we say", **times}
    await actors.post(f"{its}/meetings", meeting, who="team")
    for title in ("Social mobility", "Flexible working"):
        theme = await actors.post(f"{MEMBERS}/champion-themes", {"title": title, **words}, who="team")
        if title == "Social mobility":
            champion = {"member_id": str(await actors.member_id("member")), "ends_on": str(last.date())}
            await actors.post(f"{MEMBERS}/champion-themes/{theme['theme_id']}/champions", champion, who="team")


async def _paired(actors: Actors) -> None:
    """A scheme with a pair that is published, and a run that is not."""
    form = {"title": "GSE Connect", "summary": "Members help each other.", "link": "https://gse.example/connect"}
    scheme = (await actors.post(f"{MENTORING}/schemes", form, who="scheme-lead"))["scheme_id"]
    both = (["maps"], ["statistics"])
    for pair in (("member", "volunteer"), ("scheme-lead", "recruiting-manager")):
        for who, offers, seeks in zip(pair, both, reversed(both), strict=True):
            wishes = {"attestation": True, "goals": ["Lead a team"], "offers": offers, "seeks": seeks}
            await actors.post(f"{MENTORING}/schemes/{scheme}/enrolments", wishes, who=who)
        run = await actors.post(f"{MENTORING}/schemes/{scheme}/match-runs", who="scheme-lead")
        if "member" in pair:
            await actors.post(f"{MENTORING}/match-runs/{run['run_id']}/publish", who="scheme-lead")


async def _event(actors: Actors, title: str, *steps: str) -> str:
    """Proposed by a volunteer, and taken these steps further by the team."""
    starts_at = _now(actors) + timedelta(days=9)
    form = {
        "title": title,
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "capacity": 50,
    }
    its: str = (await actors.post(f"{EVENTS}/events", form, who="volunteer"))["hosted_event_id"]
    for step in steps:
        await actors.post(f"{EVENTS}/events/{its}/{step}", who="team")
    return its
