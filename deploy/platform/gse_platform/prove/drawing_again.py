"""The draw for places once more, written from what the platform tells people of it and from nothing else."""

from collections import Counter
from collections.abc import Collection, Mapping
from fractions import Fraction
from hashlib import sha256
from math import floor


def drawn(
    pool: Mapping[str, tuple[str, str]], seed: str, places: int, *, holding: Collection[str], out: Collection[str]
) -> set[str]:
    """Which numbers get the places that are free. `pool` says of each number its grade band and its organisation."""

    def lot(text: str) -> str:
        return sha256(f"{seed}:{text}".encode()).hexdigest()

    room = _room(pool, min(places, len(pool)), {band: lot(band) for band, _ in pool.values()})
    seated, waiting = set(holding), {its for its in pool if its not in holding and its not in out}
    found = set[str]()
    while waiting and len(seated) < places:
        of_band = Counter(pool[its][0] for its in seated)
        of_organisation = Counter(pool[its][1] for its in seated)
        in_a_band_with_room = {its for its in waiting if of_band[pool[its][0]] < room[pool[its][0]]}
        following = sorted(in_a_band_with_room or waiting, key=lot)
        fewest = min(of_organisation[pool[its][1]] for its in following)
        number = next(its for its in following if of_organisation[pool[its][1]] == fewest)
        waiting.remove(number)
        seated.add(number)
        found.add(number)
    return found


def _room(pool: Mapping[str, tuple[str, str]], places: int, lots: Mapping[str, str]) -> dict[str, int]:
    """How many places each band has: its share, and the largest remainders have what is left."""
    exact = {
        band: Fraction(places * count, len(pool)) for band, count in Counter(band for band, _ in pool.values()).items()
    }
    room = {band: floor(share) for band, share in exact.items()}
    for band in sorted(exact, key=lambda band: (room[band] - exact[band], lots[band])):
        if sum(room.values()) < places:
            room[band] += 1
    return room
