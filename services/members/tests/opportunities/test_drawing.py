"""The draw: shares of bands, a spread over organisations, and the same again for whoever knows the seed."""

import csv
import random
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from members.opportunities import drawing
from members.opportunities.drawing import Applicant, digest_of, draw, shares

SEED = "a seed of these tests"
SIX = (
    Applicant("n1", "EO", "1"),
    Applicant("n2", "EO", "1"),
    Applicant("n3", "EO", "2"),
    Applicant("n4", "G7-G6", "1"),
    Applicant("n5", "G7-G6", "2"),
    Applicant("n6", "G7-G6", "3"),
)


def crowd(bands: dict[str, int], organisations: int) -> list[Applicant]:
    flat = [band for band, count in bands.items() for _ in range(count)]
    return [Applicant(f"n{place:03}", band, str(place % organisations)) for place, band in enumerate(flat)]


def test_each_band_has_its_share_and_the_largest_remainders_have_what_is_left() -> None:
    applicants = crowd({"AA-AO": 7, "EO": 21, "HEO-SEO": 48, "G7-G6": 24}, 10)

    assert shares(applicants, SEED, 12) == {"AA-AO": 1, "EO": 2, "HEO-SEO": 6, "G7-G6": 3}  # of 0.84 2.52 5.76 2.88


def test_equal_remainders_are_decided_by_the_seed_and_not_by_the_order_of_the_bands() -> None:
    applicants = crowd({"EO": 5, "G7-G6": 5}, 2)

    given = {seed: shares(applicants, seed, 3) for seed in "abcdefgh"}

    assert {(its["EO"], its["G7-G6"]) for its in given.values()} == {(1, 2), (2, 1)}


def test_the_twelve_are_those_that_the_method_says_whatever_the_order_of_the_list() -> None:
    applicants = crowd({"AA-AO": 7, "EO": 21, "HEO-SEO": 48, "G7-G6": 24}, 8)
    shuffled = random.Random(1).sample(applicants, len(applicants))

    chosen = draw(applicants, SEED, 12)

    of = {its.number: its for its in applicants}
    assert draw(shuffled, SEED, 12) == chosen
    assert Counter(of[number].band for number in chosen) == {"AA-AO": 1, "EO": 2, "HEO-SEO": 6, "G7-G6": 3}
    assert sorted(Counter(of[number].organisation for number in chosen).values()) == [1, 1, 1, 1, 2, 2, 2, 2]
    assert draw(applicants, "another seed", 12) != chosen


def test_each_place_goes_to_an_organisation_that_has_fewest_of_those_that_wait_for_it() -> None:
    """The method's third step, looked at from outside: place by place."""
    applicants = crowd({"AA-AO": 7, "EO": 21, "HEO-SEO": 48, "G7-G6": 24}, 8)
    lots = {its.number: sha256(f"{SEED}:{its.number}".encode()).hexdigest() for its in applicants}
    left = Counter({"AA-AO": 1, "EO": 2, "HEO-SEO": 6, "G7-G6": 3})
    of, has, waiting = {its.number: its for its in applicants}, Counter[str](), set(lots)

    chosen = draw(applicants, SEED, 12)

    assert chosen[0] == min(lots, key=lots.__getitem__)
    for number in chosen:
        rivals = [each for each in waiting if left[of[each].band]]
        fewest = min(has[of[each].organisation] for each in rivals)
        equals = [each for each in rivals if has[of[each].organisation] == fewest]
        assert number == min(equals, key=lots.__getitem__)
        waiting.remove(number)
        left[of[number].band] -= 1
        has[of[number].organisation] += 1


def test_where_there_are_places_for_all_all_have_one() -> None:
    assert sorted(draw(SIX, SEED, 12)) == ["n1", "n2", "n3", "n4", "n5", "n6"]
    assert draw([], SEED, 12) == ()


def test_every_number_comes_up_about_as_often_where_nothing_else_is_unequal() -> None:
    ten = [Applicant(f"n{place}", "EO", str(place)) for place in range(10)]

    often = Counter(number for seed in range(2000) for number in draw(ten, f"seed {seed}", 3))

    assert sum(often.values()) == 6000
    assert all(520 <= often[its.number] <= 680 for its in ten)  # 600, and nearly four deviations


def test_a_place_that_is_given_up_goes_to_the_same_band_as_long_as_somebody_is_left_in_it() -> None:
    chosen = draw(SIX, SEED, 4)
    of = {its.number: its for its in SIX}
    gone = next(number for number in chosen if of[number].band == "EO")
    stay = set(chosen) - {gone}

    [following] = draw(SIX, SEED, 4, holding=stay, out={gone})

    assert (of[following].band, following in chosen) == ("EO", False)
    others = {its.number for its in SIX if its.band == "EO"} - stay
    [another] = draw(SIX, SEED, 4, holding=stay, out=others)
    assert of[another].band == "G7-G6"


def test_anybody_can_do_it_again_with_the_file_and_plain_python(tmp_path: Path) -> None:
    with (tmp_path / "draw.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "band", "organisation", "place"])
        writer.writerows([its.number, its.band, its.organisation, ""] for its in reversed(SIX))

    def again(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", drawing.__file__, str(tmp_path / "draw.csv"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        return done.returncode, done.stdout

    assert again(SEED, "4", digest_of(SEED).upper()) == (0, "\n".join(draw(SIX, SEED, 4)) + "\n")
    assert again("another", "4", digest_of(SEED)) == (1, "")
    assert again(SEED) == (2, "")


@pytest.mark.parametrize("places", [1, 5, 12, 99, 100])
def test_all_places_are_given_once(places: int) -> None:
    chosen = draw(crowd({"AA-AO": 1, "EO": 2, "SCS": 97}, 3), SEED, places)

    assert (len(chosen), len(set(chosen))) == (places, places)
