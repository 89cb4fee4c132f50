"""The team asks how commitments are kept; members take tokens, and whoever holds one answers, once."""

from datetime import timedelta
from typing import Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Ballot, Profession, Round

ROUNDS: Final = "/api/members/v1/feedback-rounds"
MOST: Final = 7
DAYS: Final = (0, 0, 1, 20)  # until it closes: in the night, on the Monday at the end, and after it
GROUPS: Final = ("AA-AO", "EO", "HEO-SEO", "G7-G6", "SCS", "DEFRA")
RATINGS: Final = ("well", "well", "partly", "not-at-all", "cannot-say")
ASKS_IN_VAIN: Final = 0.1  # how often a token is used again, or a round is summed up while it is open


async def open_round(profession: Profession) -> None:
    """About a commitment; where one is being asked about already that is refused."""
    some = [its for its, promise in profession.promises.items() if promise.form]
    if not some or len(profession.rounds) >= MOST:
        await join(profession)
        return
    closes_on = profession.today() + timedelta(days=profession.chance.choice(DAYS))
    groups = profession.chance.sample(GROUPS, 2)
    asked = {"commitment_id": profession.chance.choice(some), "closes_on": str(closes_on)}
    form = asked | {"title": "How is it kept?", "must_hear": groups}
    its = await profession.history.ask(
        "ask-round", ROUNDS, form, profession.holding("team"), asked=asked, made="round_id"
    )
    if its.outcome == "ok":
        profession.rounds.append(Round(its.made, closes_on, groups))


async def take_token(profession: Profession, person: Person) -> None:
    """Mostly of an open round; one of a closed one is refused, and so is a second."""
    today = profession.today()
    some = [its for its in profession.rounds if its.closes_on >= today] or profession.rounds
    if not some:
        await change_grade(profession, person)
        return
    there = profession.chance.choice(some[-3:]).round_id
    its = await profession.history.ask(
        "token",
        f"{ROUNDS}/{there}/tokens",
        None,
        profession.by(person),
        about=person.member_id,
        asked={"round_id": there},
        made="token",
    )
    if its.outcome == "ok":
        profession.ballots.append(Ballot(there, its.made))
    profession.free(person, its)


async def answer(profession: Profession) -> None:
    """Whoever holds a token, which nobody signed in for; a used one is refused."""
    again = profession.chance.random() < ASKS_IN_VAIN
    some = [its for its in profession.ballots if not its.used or again]
    if not some:
        await join(profession)
        return
    ballot = profession.chance.choice(some)
    ballot.used = True
    rating = profession.chance.choice(RATINGS)
    groups = next(its.groups for its in profession.rounds if its.round_id == ballot.round_id)
    comment = profession.names.words() if profession.chance.random() < 0.5 else None  # noqa: PLR2004 (half)
    await profession.history.ask(
        "answer-round",
        f"{ROUNDS}/{ballot.round_id}/answers",
        {"token": ballot.token, "rating": rating, "groups": groups[:1], "comment": comment},
        dict,
        asked={"round_id": ballot.round_id, "rating": rating, "comment": "yes" if comment else "no"},
    )


async def move_a_round_on(profession: Profession) -> None:
    """The team sums a closed round up, then says what was done about it."""
    today, early = profession.today(), profession.chance.random() < ASKS_IN_VAIN
    free = [its for its in profession.rounds if not its.busy and its.stage != "answered"]
    some = [its for its in free if its.closes_on < today or early]
    if not some:
        await join(profession)
        return
    there = profession.chance.choice(some)
    there.busy = True
    kind, place, then = {"asked": ("sum-up", "summary", "summed-up")}.get(
        there.stage, ("respond", "response", "answered")
    )
    form = {"summary": "Most see it kept"} if kind == "sum-up" else {"you_said": "Sooner", "we_did": "At once"}
    its = await profession.history.ask(
        kind, f"{ROUNDS}/{there.round_id}/{place}", form, profession.holding("team"), about=there.round_id
    )
    there.stage = then if its.outcome == "ok" else there.stage
    there.busy = its.outcome == "unknown"
