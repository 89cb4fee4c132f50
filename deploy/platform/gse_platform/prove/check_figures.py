"""The figures of a quarter, recounted: rounded, and nothing shown of few."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gse_platform.prove.facts import Facts, Row
from gse_platform.prove.recounting import Count, Recount, Standing, recount, rounded

SAYS: Final = "DiversityStatisticsPublished"
THRESHOLD, SPECIAL, POPULATION = 5, 10, 30
NOT_SAID: Final = "not-said"
# What is answered in a run, and in which broader group each answer stands; of the special ones more people are needed.
GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "sex": {"female": "women", "male": "men"},
    "orientation": {"heterosexual": "heterosexual", "gay-or-lesbian": "lgb", "bisexual": "lgb"},
    "religion": {
        "none": "none",
        **dict.fromkeys(("christian", "buddhist", "hindu", "jewish", "muslim", "sikh"), "religion"),
    },
}
SPECIAL_ONES: Final = {"orientation", "religion"}
BY: Final[Mapping[str, Callable[[Standing], str]]] = {
    "organisation": lambda its: its.organisation,
    "band": lambda its: its.band,
}


def members_are_as_recounted(facts: Facts) -> list[str]:
    """How many members a release tells of, in all, by organisation and by grade band, is how many there were.

    Rounded, that is; fewer than five are told of together with others, or not at all. Of who came and went in the
    quarter it tells of no more than did.
    """
    return [
        f"{row['period']}, members by {by}: {its}"
        for row, people in _recounted(facts)
        for by, of in BY.items()
        for its in _part_is_wrong(row["participation"]["members"][by], people, of)
    ] + [
        f"{row['period']}: {told} {measure} by {by}, and {most} did"
        for row, _ in _recounted(facts)
        for measure, most in _moved_in(facts, row["period"]).items()
        for by in BY
        if (told := row["participation"][measure][by]["all"]) > rounded(most)
    ]


def _moved_in(facts: Facts, period: str) -> dict[str, int]:
    """How many joined and left in a quarter, at most: of the erased nobody knows any more."""
    year, quarter = period.split("-Q")
    months = {f"{year}-{3 * int(quarter) - each:02}" for each in range(3)}
    members, erased = facts.rows.get("members.member", ()), len(facts.erased())
    return {
        measure: erased + sum(str(row[day])[:7] in months for row in members)
        for measure, day in (("joined", "joined_on"), ("left", "left_on"))
    }


def characteristics_are_as_recounted(facts: Facts) -> list[str]:
    """What a release tells of each characteristic is what the members had answered: of all, and in each row.

    Rounded, too; of few nothing is told, and nothing where too few answered.
    """
    wrong = list[str]()
    for row, people in _recounted(facts):
        told = row["diversity"]
        wrong += [f"{row['period']}, {its}: nobody answered it" for its in sorted(told.keys() - GROUPS.keys())]
        for its in GROUPS:
            if its in told:
                if told[its]["total"]["period"] == row["period"]:
                    wrong += [f"{row['period']}, {its}: {what}" for what in _is_wrong(its, told[its], people)]
            elif _has_to_be_shown(its, people):
                wrong.append(f"{row['period']}, {its}: nothing is told of it, and enough answered")
    return wrong


def _recounted(facts: Facts) -> Iterator[tuple[Row, Recount]]:
    """Each release with those whom it may have counted, from when it was asked for until it was said."""
    for row in facts.rows.get("members.statistics_release", ()):
        asked = [its.began for its in facts.commands if (its.kind, its.made) == ("release", row["release_id"])]
        said = [its.at for its in facts.said if (its.name, its.subject) == (SAYS, row["release_id"])]
        if asked and said:
            yield row, recount(facts, min(asked), max(said))


def _part_is_wrong(part: Mapping[str, Any], people: Recount, of: Callable[[Standing], str]) -> Iterator[str]:
    everybody = people.of(lambda _: True)
    if not everybody.may_be_shown_as(part["all"]):
        yield f"{part['all']} in all, and there were {_words(everybody)}"
    for code, figure in part["shown"].items():
        yield from _figure_is_wrong(code, figure, people.of(lambda its, code=code: of(its) == code), THRESHOLD)  # type: ignore[misc]
    for code in sorted(people.codes(of) - part["shown"].keys() - set(part["hidden"])):
        yield f"nothing is told of {code}, not even that it is hidden"
    if len(part["hidden"]) == 1 and part["shown"]:
        yield f"{part['hidden'][0]} is hidden alone, so it is all less the others"
    together = people.of(lambda its: of(its) in part["hidden"])
    may_be = {rounded(each) if each >= THRESHOLD else 0 for each in range(together.least, together.most + 1)}
    if part["together"] not in may_be:
        yield f"{part['together']} in those that are hidden, and there were {_words(together)}"


def _is_wrong(characteristic: str, told: Mapping[str, Any], people: Recount) -> Iterator[str]:
    threshold = SPECIAL if characteristic in SPECIAL_ONES else THRESHOLD
    total, everybody = told["total"], people.of(lambda _: True)
    if not everybody.may_be_shown_as(total["people"]):
        yield f"{total['people']} people, and there were {_words(everybody)}"
    for code, figure in total["figures"].items():
        there = people.of(lambda its, code=code: its.answer(characteristic) == code)  # type: ignore[misc]
        yield from _figure_is_wrong(code, figure, there, threshold)
    hidden = {code for codes, _ in total["hidden"].values() for code in codes}
    answered = people.codes(lambda its: its.answer(characteristic))
    for code in sorted(answered - total["figures"].keys() - hidden):
        yield f"nothing is told of {code}, not even that it is hidden"
    for codes, figure in total["hidden"].values():
        there = people.of(lambda its, codes=codes: its.answer(characteristic) in codes)  # type: ignore[misc]
        yield from _figure_is_wrong(" and ".join(codes), figure, there, threshold)
        if len(codes) == 1:
            yield f"{codes[0]} is hidden alone, so it is its group less the others"
    for by, table in told["by"].items():
        for row in table["rows"]:
            yield from _row_is_wrong(characteristic, by, row, people, threshold)
        if table["rest"]:
            yield from _row_is_wrong(characteristic, by, table["rest"], people, 0)


def _row_is_wrong(
    characteristic: str, by: str, row: Mapping[str, Any], people: Recount, threshold: int
) -> Iterator[str]:
    """A row of a table; the rest, which hides small ones, may be small itself."""
    codes, of = row["codes"], BY[by]
    there = people.of(lambda its: of(its) in codes)
    if threshold and there.most < POPULATION:
        yield f"{codes[0]} is a row of {_words(there)} people"
    for label, figure in row["figures"].items():
        count = people.of(
            lambda its, label=label: of(its) in codes and _group(characteristic, its) == label  # type: ignore[misc]
        )
        yield from _figure_is_wrong(f"{label} of {' and '.join(codes)}", figure, count, threshold)


def _figure_is_wrong(what: str, figure: int, there: Count, threshold: int) -> Iterator[str]:
    if not there.may_be_shown_as(figure):
        yield f"{figure} of {what}, and there were {_words(there)}"
    if there.most < threshold:
        yield f"{figure} of {what} is shown, and there were {_words(there)}"


def _has_to_be_shown(characteristic: str, people: Recount) -> bool:
    """Whether there were certainly enough, in each group of answers too."""
    threshold = SPECIAL if characteristic in SPECIAL_ONES else THRESHOLD
    groups = {*GROUPS[characteristic].values(), NOT_SAID}
    enough = all(
        people.of(lambda its, group=group: _group(characteristic, its) == group).least >= threshold  # type: ignore[misc]
        for group in groups
    )
    return enough and people.of(lambda _: True).least >= POPULATION


def _group(characteristic: str, its: Standing) -> str:
    return GROUPS[characteristic].get(its.answer(characteristic), NOT_SAID)


def _words(its: Count) -> str:
    return str(its.least) if its.least == its.most else f"{its.least} to {its.most}"
