"""Random professions over some quarters: who is where, what they answer, who comes, goes, moves, changes their mind."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from members.statistics.counting import Person
from members.statistics.tables import Limits

GROUP_OF: Final[Mapping[str, str]] = {
    "a1": "a", "a2": "a", "a3": "a", "b": "b", "prefer-not-to-say": "not-said", "no-answer": "not-said",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A characteristic: three answers in one group, one alone in its own, and who has not said."""

    group_of: Mapping[str, str]


@dataclass(frozen=True)
class Population:
    """`quarters` are everybody by a number, one after the other."""

    seed: int
    limits: Limits
    asked: Asked
    quarters: tuple[Mapping[int, Person], ...]


def drawn(seed: int, quarters: int = 2) -> Population:
    draw = random.Random(seed)
    organisations = [f"ORG-{number}" for number in range(draw.randint(2, 6))]
    bands = [f"BAND-{number}" for number in range(draw.randint(2, 4))]
    sizes = [draw.paretovariate(0.9) for _ in organisations]
    shares = [draw.paretovariate(1.2) for _ in bands]
    answers = [draw.paretovariate(0.8) for _ in GROUP_OF]
    if draw.random() < 0.5:  # most answer
        answers[-1] *= 0.3

    def somebody() -> Person:
        [organisation], [band] = draw.choices(organisations, sizes), draw.choices(bands, shares)
        return Person((organisation, band), answer())

    def answer() -> str:
        return draw.choices(list(GROUP_OF), answers)[0]

    people = {number: somebody() for number in range(draw.choice([120, 300, 800]))}
    every = [people]
    for _ in range(quarters - 1):
        going, coming = (draw.choice([0, 0.002, 0.02, 0.1, 0.4]) for _ in range(2))
        moving, rising, changing = (draw.choice([0, 0.005, 0.03]) for _ in range(3))
        changing = draw.choice([0, changing, 0.3])
        following = dict[int, Person]()
        for number, its in every[-1].items():
            if draw.random() < going:
                continue
            organisation, band = its.place
            organisation = draw.choice(organisations) if draw.random() < moving else organisation
            band = draw.choice(bands) if draw.random() < rising else band
            code = answer() if draw.random() < changing else its.code
            following[number] = its._replace(place=(organisation, band), code=code)
        first = max(max(its, default=0) for its in every) + 1
        following |= {first + number: somebody() for number in range(round(len(following) * coming * draw.random()))}
        every.append(following)
    return Population(seed, Limits(draw.choice([5, 10]), draw.choice([0, 30])), Asked(GROUP_OF), tuple(every))
