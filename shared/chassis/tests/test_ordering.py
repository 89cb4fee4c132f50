from uuid import UUID

from chassis.ordering import Line, Verdict, decide, decide_newest

A, B = UUID(int=1), UUID(int=2)


def test_the_first_event_of_a_subject_has_the_number_1() -> None:
    assert decide(Line(), 1, A) is Verdict.APPLY


def test_the_next_number_is_applied() -> None:
    assert decide(Line(4, A), 5, B) is Verdict.APPLY


def test_a_lower_number_is_a_repeat() -> None:
    assert decide(Line(4, A), 3, B) is Verdict.REPEAT


def test_the_last_number_with_the_last_id_is_a_repeat() -> None:
    assert decide(Line(4, A), 4, A) is Verdict.REPEAT


def test_the_last_number_with_another_id_is_a_fork() -> None:
    assert decide(Line(4, A), 4, B) is Verdict.FORK


def test_a_number_beyond_the_next_waits() -> None:
    assert decide(Line(4, A), 6, B) is Verdict.WAIT


def test_what_is_stuck_is_not_tried_again_by_a_repeat() -> None:
    assert decide(Line(4, A, stuck={5: B}), 5, B) is Verdict.REPEAT


def test_another_event_under_the_number_of_a_waiting_one_is_a_fork() -> None:
    assert decide(Line(4, A, waiting={6: B}), 6, A) is Verdict.FORK


def test_the_follower_of_the_last_one_is_the_one_that_waits_next() -> None:
    line = Line(4, A, waiting={6: B, 8: A})
    line.apply(5, B)
    assert line.follower() == 6
    line.apply(6, B)
    assert line.follower() is None


def test_on_a_compacted_stream_the_newest_counts_and_holes_do_not() -> None:
    assert decide_newest(Line(4, A), 9, B) is Verdict.APPLY
    assert decide_newest(Line(4, A), 3, B) is Verdict.REPEAT
    assert decide_newest(Line(4, A), 4, A) is Verdict.REPEAT
    assert decide_newest(Line(4, A), 4, B) is Verdict.FORK
