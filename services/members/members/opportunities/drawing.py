"""The draw for places, which anybody can do again: applicants, a seed and a number of places give who has a place.

    python drawing.py draw.csv SEED PLACES [DIGEST]      prints the numbers that are chosen, and checks the seed

It needs the standard library only. The method:

1. Each applicant has a random number, given when they apply. Their lot is the SHA-256 of `seed:number`, in hexadecimal;
   the lowest lot comes first.
2. Each grade band gets its share of the places: places x its applicants / all applicants, rounded down; what is left
   goes one by one to the largest remainders, and between equal ones to the lowest SHA-256 of `seed:band`.
3. The places are given one after the other. Of those whose band has a place left, the next one goes to the organisation
   that has the fewest so far; where several are equal, the lowest lot decides.
4. Where somebody gives up their place, steps 2 and 3 go on with those who have not been chosen yet; when their band has
   nobody left, with all of them.

The seed is fixed, and its SHA-256 published, before anybody applies: so nobody can draw until they like what comes out.
The numbers are random and each person sees theirs at once: so nobody can choose one that suits the seed. Whoever can
read the database could look at the seed early and put in people who are made up; everybody would see the list grow.
Not promised: that all have the same chance. In a small organisation one's chance is better than in a large one.
"""

# ruff: noqa: T201 - a program that prints its answer
import csv
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Applicant:
    """Somebody in the draw: a random number, a grade band, and a label that those of one organisation share."""

    number: str
    band: str
    organisation: str


def digest_of(seed: str) -> str:
    """What is published of the seed before the draw: 64 hexadecimal digits."""
    return sha256(seed.encode()).hexdigest()


def lot(seed: str, text: str) -> str:
    """Equal chances for all, and the same again for whoever knows the seed."""
    return sha256(f"{seed}:{text}".encode()).hexdigest()


def shares(applicants: Collection[Applicant], seed: str, places: int) -> dict[str, int]:
    """How many places each band has: the largest remainders. No band has more than it has applicants."""
    counts = Counter(its.band for its in applicants)
    places, total = min(places, len(applicants)), len(applicants)
    given = {band: places * count // total for band, count in counts.items()}
    by_remainder = sorted(counts, key=lambda band: (-(places * counts[band] % total), lot(seed, band)))
    for band in by_remainder[: places - sum(given.values())]:
        given[band] += 1
    return given


def draw(
    applicants: Iterable[Applicant],
    seed: str,
    places: int,
    *,
    holding: Collection[str] = (),
    out: Collection[str] = (),
) -> tuple[str, ...]:
    """The numbers of those who get the free places, in the order in which they get them.

    `holding` are the numbers of those who have a place and keep it, `out` of those who had one or want none any more.
    The order of the applicants does not matter.
    """
    everybody = sorted(applicants, key=lambda its: its.number)
    lots = {its.number: lot(seed, its.number) for its in everybody}
    left = shares(everybody, seed, places)
    seated = [its for its in everybody if its.number in holding]
    of_band, of_organisation = Counter(its.band for its in seated), Counter(its.organisation for its in seated)
    waiting = [its for its in everybody if its.number not in holding and its.number not in out]
    chosen = list[str]()
    while waiting and len(seated) + len(chosen) < places:
        balanced = [its for its in waiting if of_band[its.band] < left[its.band]]
        its = min(balanced or waiting, key=lambda each: (of_organisation[each.organisation], lots[each.number]))
        waiting.remove(its)
        chosen.append(its.number)
        of_band[its.band] += 1
        of_organisation[its.organisation] += 1
    return tuple(chosen)


def main(arguments: Sequence[str]) -> int:
    """The file has the columns number, band and organisation; others are not looked at."""
    if len(arguments) not in (3, 4):
        print("python drawing.py draw.csv SEED PLACES [DIGEST]", file=sys.stderr)
        return 2
    path, seed, places = arguments[:3]
    with open(path, newline="", encoding="utf-8") as file:  # noqa: PTH123 - the fewest names for whoever reads along
        applicants = [Applicant(row["number"], row["band"], row["organisation"]) for row in csv.DictReader(file)]
    if len(arguments) > 3 and digest_of(seed) != arguments[3].lower():  # noqa: PLR2004 - the fourth
        print("This seed is not the one whose digest was published.", file=sys.stderr)
        return 1
    print("\n".join(draw(applicants, seed, int(places))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
