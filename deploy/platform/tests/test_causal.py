"""The order in which history is told: causes before effects, the numbers of a subject in order, else by time."""

import random
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gse_platform.causal import Event, in_causal_order

NOON = "2026-02-11T12:00:00Z"


def event(name: str, at: str = NOON, *, because_of: str | None = None, **its: Any) -> dict[str, Any]:
    """An event that stands alone in its partition unless it says otherwise."""
    told = {"id": name, "time": at, "subject": name, "sequence": "1", "stream": "gse.members", "partition": 0}
    return told | {"offset": 0} | ({"causationid": because_of} if because_of else {}) | its


def told(*events: Event) -> list[str]:
    return [each["id"] for each in in_causal_order(events)]


def test_nothing_is_in_order() -> None:
    assert in_causal_order([]) == []


def test_events_without_a_tie_come_by_their_time_to_the_microsecond() -> None:
    assert told(
        event("third", "2026-02-11T12:00:00.5Z"),
        event("second", "2026-02-11T12:00:00.000001Z"),
        event("first", "2026-02-11T12:00:00Z"),
    ) == ["first", "second", "third"]


def test_an_effect_comes_after_its_cause_though_its_clock_was_behind() -> None:
    assert told(
        event("notified", "2026-02-11T11:59:58Z", because_of="paired", stream="gse.notifications"),
        event("joined", "2026-02-11T11:59:59Z"),
        event("paired", NOON, stream="gse.mentoring"),
    ) == ["joined", "paired", "notified"]


def test_a_cause_that_is_on_no_stream_that_is_read_holds_nothing_up() -> None:
    assert told(event("notified", because_of="somewhere else")) == ["notified"]


def test_the_events_of_a_subject_come_in_their_numbers_also_from_the_tenth_on() -> None:
    events = [event(number, subject="ada", sequence=number, offset=int(number)) for number in ("10", "9", "2", "1")]

    assert told(*events) == ["1", "2", "9", "10"]


def test_a_hole_in_the_numbers_of_a_compacted_stream_does_not_matter() -> None:
    assert told(
        event("seventh", "2026-02-11T11:00:00Z", subject="ada", sequence="7", stream="gse.members.contacts"),
        event("second", NOON, subject="ada", sequence="2", stream="gse.members.contacts"),
    ) == ["second", "seventh"]


def test_one_subject_has_numbers_of_its_own_on_each_stream() -> None:
    assert told(
        event("of members", NOON, subject="ada", sequence="1"),
        event("of events", "2026-02-11T11:00:00Z", subject="ada", sequence="2", stream="gse.events"),
    ) == ["of events", "of members"]


def test_a_record_that_was_sent_twice_comes_twice_and_its_effect_after_the_first() -> None:
    again = event("joined", subject="ada", offset=5)

    assert in_causal_order([event("effect", because_of="joined", subject="ada", sequence="2", offset=6), again]) == [
        again,
        event("effect", because_of="joined", subject="ada", sequence="2", offset=6),
    ]
    assert told(
        again, event("effect", "2026-02-11T11:00:00Z", because_of="joined", offset=1), event("joined", subject="ada")
    ) == ["joined", "effect", "joined"]


def test_what_waits_for_itself_in_a_circle_comes_by_its_time() -> None:
    assert told(
        event("hen", "2026-02-11T12:00:02Z", because_of="egg"),
        event("egg", "2026-02-11T12:00:01Z", because_of="hen"),
        event("chick", "2026-02-11T12:00:00Z", because_of="hen"),
        event("itself", "2026-02-11T12:00:00Z", because_of="itself"),
    ) == ["itself", "chick", "egg", "hen"]


def test_an_event_of_a_stranger_without_time_subject_or_number_is_told_too() -> None:
    strange: dict[str, Any] = {"id": "strange", "stream": "other", "partition": 0, "offset": 0}

    assert told(event("ours"), strange | {"time": "tomorrow"}, strange) == ["strange", "strange", "ours"]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What services could have said, in an order in which they could have said it; their clocks are off."""
    numbers: dict[tuple[str, str], int] = {}
    history: list[dict[str, Any]] = []
    for place in range(draw(st.integers(0, 30))):
        stream, subject = draw(st.sampled_from(["gse.members", "gse.events"])), draw(st.sampled_from("abc"))
        number = numbers[stream, subject] = numbers.get((stream, subject), 0) + 1
        cause = draw(st.sampled_from([None, *(each["id"] for each in history)]))
        at = f"2026-02-11T12:00:{draw(st.integers(0, 59)):02}Z"
        line = {"stream": stream, "subject": subject, "sequence": str(number), "offset": place}
        history.append(event(str(place), at, because_of=cause, **line))
    return history


@given(histories(), st.randoms())
def test_whatever_order_kafka_gives_nothing_comes_before_its_cause_or_its_predecessor(
    history: list[dict[str, Any]], chance: random.Random
) -> None:
    given_by_kafka = chance.sample(history, len(history))

    ordered = in_causal_order(given_by_kafka)

    assert sorted(int(each["id"]) for each in ordered) == list(range(len(history)))
    places = {each["id"]: place for place, each in enumerate(ordered)}
    assert all(places[each["causationid"]] < places[each["id"]] for each in ordered if "causationid" in each)
    lines: dict[tuple[str, str], list[int]] = {}
    for each in ordered:
        lines.setdefault((each["stream"], each["subject"]), []).append(int(each["sequence"]))
    assert all(line == list(range(1, len(line) + 1)) for line in lines.values())


@given(histories(), st.randoms())
def test_the_order_does_not_depend_on_how_kafka_gave_them(history: list[dict[str, Any]], chance: random.Random) -> None:
    assert in_causal_order(chance.sample(history, len(history))) == in_causal_order(history)


def test_a_hundred_thousand_events_take_seconds() -> None:
    chance = random.Random(1)
    history = [
        event(
            str(place),
            f"2026-02-11T12:00:{place % 60:02}.{chance.randrange(10**6):06}Z",
            because_of=str(chance.randrange(place)) if place % 2 else None,
            subject=str(place % 20_000),
            sequence=str(place // 20_000 + 1),
            offset=place,
        )
        for place in range(100_000)
    ]
    chance.shuffle(history)
    began = time.process_time()

    assert len(in_causal_order(history)) == 100_000
    assert time.process_time() - began < 5
