"""What is asked, and what an answer may be."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.refusal import Invalid
from members.monitoring import answers, questions
from members.monitoring.questions import NO_ANSWER, NOT_SAID, PREFER_NOT

TODAY = date(2026, 11, 26)
ASKED = questions.on(TODAY)


def test_eight_characteristics_are_asked_and_four_of_them_are_special_categories() -> None:
    assert [its.code for its in ASKED.characteristics] == [
        "sex", "ethnicity", "disability", "orientation", "religion", "age", "background", "caring",
    ]  # fmt: skip
    assert [its.code for its in ASKED.characteristics if its.special] == [
        "ethnicity", "disability", "orientation", "religion",
    ]  # fmt: skip


def test_every_answer_has_its_words_and_stands_in_a_group_that_has_words_too() -> None:
    for its in ASKED.characteristics:
        assert its.group_of.keys() == its.words.keys()
        assert set(its.group_of.values()) == set(its.group_words), its.code
        assert (its.group_of[PREFER_NOT], its.group_of[NO_ANSWER]) == (NOT_SAID, NOT_SAID)


def test_to_prefer_not_to_say_is_an_answer_and_to_leave_a_question_is_none() -> None:
    its = answers.read(ASKED, {"sex": "female", "religion": PREFER_NOT, "age": ""}, today=TODAY)

    assert its.codes == {"sex": "female", "religion": "prefer-not-to-say"}
    assert (its.version, its.given_on) == (1, TODAY)


def test_every_answer_that_is_none_is_told_at_its_question() -> None:
    with pytest.raises(Invalid) as refused:
        answers.read(ASKED, {"sex": "white", "age": "no-answer", "height": "tall", "caring": "no"}, today=TODAY)

    assert [(its.field, its.sentence) for its in refused.value.errors] == [
        ("sex", "Choose one of the answers, or none"),
        ("age", "Choose one of the answers, or none"),
        ("height", "Leave this out: it is not asked"),
    ]


def test_an_option_that_is_retired_is_offered_no_longer_and_counts_still() -> None:
    sex, *others = ASKED.characteristics
    first, *rest = sex.options
    newer = replace(ASKED, characteristics=(replace(sex, options=(replace(first, retired=True), *rest)), *others))

    assert not answers.is_an_answer(newer, "sex", first.code)
    assert newer.by_code["sex"].group_of == sex.group_of
    assert questions.forgotten([newer, ASKED]) == set()


def test_a_version_forgets_no_option_and_moves_none_to_another_group() -> None:
    sex, *others = ASKED.characteristics
    first, second, *_ = sex.options
    moved = replace(second, group=first.group)
    newer = replace(ASKED, characteristics=(replace(sex, options=(moved,)), *others[1:]))

    lost = questions.forgotten([newer, ASKED])

    assert {("sex", f"{its.code} in {its.group}") for its in (first, second)} <= lost
    assert {what for what, _ in lost} == {"sex", "ethnicity"}
    assert others[0].code == "ethnicity"
