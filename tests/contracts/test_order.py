"""The order of a subject's events, whatever is delivered how often and in which order."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chassis.ordering import Line, Verdict, decide, decide_newest


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[int, list[int]]:
    """How many events a subject has, and their numbers as they come: each at least once, in any order."""
    events = draw(st.integers(1, 12))
    repeats = draw(st.lists(st.integers(1, events), max_size=12))
    return events, draw(st.permutations([*range(1, events + 1), *repeats]))


def id_of(sequence: int) -> UUID:
    return UUID(int=sequence)


def heard(line: Line, numbers: list[int], stuck: int | None = None) -> list[int]:
    """What is applied, and in which order, when the verdicts are followed; the event `stuck` never succeeds."""
    applied: list[int] = []
    for number in numbers:
        verdict = decide(line, number, id_of(number))
        if verdict is Verdict.WAIT:
            line.waiting[number] = id_of(number)
        elif verdict is Verdict.APPLY:
            following: int | None = number
            while following is not None:
                if following == stuck:
                    line.waiting.pop(following, None)
                    line.stuck[following] = id_of(following)
                    break
                line.apply(following, id_of(following))
                applied.append(following)
                following = line.follower()
        else:
            assert verdict is Verdict.REPEAT
    return applied


@given(arrivals())
def test_each_event_is_applied_once_and_in_order(its: tuple[int, list[int]]) -> None:
    events, numbers = its
    line = Line()

    assert heard(line, numbers) == list(range(1, events + 1))
    assert (line.waiting, line.stuck) == ({}, {})


@given(arrivals(), st.data())
def test_a_stuck_event_holds_back_what_follows_it_and_loses_none(
    its: tuple[int, list[int]], data: st.DataObject
) -> None:
    events, numbers = its
    stuck = data.draw(st.integers(1, events))
    line = Line()

    assert heard(line, numbers, stuck) == list(range(1, stuck))
    assert set(line.stuck) == {stuck}
    assert set(line.waiting) == set(range(stuck + 1, events + 1))


@given(arrivals(), st.data())
def test_a_stranger_under_a_number_that_is_taken_is_never_applied(
    its: tuple[int, list[int]], data: st.DataObject
) -> None:
    events, numbers = its
    line = Line()
    heard(line, numbers)
    number = data.draw(st.integers(1, events))

    verdict = decide(line, number, UUID(int=2**64))

    assert verdict is (Verdict.FORK if number == events else Verdict.REPEAT)


@given(arrivals())
def test_on_a_compacted_stream_numbers_only_rise_and_the_newest_is_applied_last(its: tuple[int, list[int]]) -> None:
    events, numbers = its
    line = Line()
    applied = []
    for number in numbers:
        if decide_newest(line, number, id_of(number)) is Verdict.APPLY:
            line.apply(number, id_of(number))
            applied.append(number)

    assert applied == sorted(set(applied))
    assert applied[-1] == events
