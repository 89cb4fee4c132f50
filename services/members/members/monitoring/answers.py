"""A member's answers to equality monitoring: what they may be, and what becomes of a form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.refusal import FieldError, Invalid, NotFound
from members.monitoring.questions import PREFER_NOT, Questions


class NoAnswers(NotFound):
    def __init__(self) -> None:
        super().__init__("There are no answers of this member.")


@dataclass(frozen=True)
class Answers:
    """Codes by characteristic; one that was left out is not answered. `given_on` is a day in London."""

    version: int  # of the questions
    given_on: date
    codes: Mapping[str, str]


def read(questions: Questions, given: Mapping[str, str], *, today: date) -> Answers:
    """What was answered, each question or none. Raises `Invalid` at every answer that is none of the question's."""
    wrong = [
        FieldError(characteristic, _choose_one(questions, characteristic))
        for characteristic, code in given.items()
        if code and not is_an_answer(questions, characteristic, code)
    ]
    if wrong:
        raise Invalid(*wrong)
    return Answers(questions.version, today, {its: code for its, code in given.items() if code})


def is_an_answer(questions: Questions, characteristic: str, code: str) -> bool:
    its = questions.by_code.get(characteristic)
    return its is not None and (code == PREFER_NOT or any(code == option.code for option in its.offered))


def _choose_one(questions: Questions, characteristic: str) -> str:
    if characteristic not in questions.by_code:
        return "Leave this out: it is not asked"
    return "Choose one of the answers, or none"
