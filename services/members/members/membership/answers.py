"""Reads what people answer, on a form, through the API or in a file, into values that can be trusted.

Every mistake of one reading is told at once, at its field, in a sentence that says how to mend it and repeats nothing
that was entered.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from email_validator import EmailNotValidError, validate_email

from contracts.members import Grade
from contracts.refusal import FieldError, Invalid
from members.membership.domain import Application
from members.places import grades
from members.places.organisations import ClosedThere, OrganisationClosed, Places

LONGEST_NAME = 200
MOST_ITEMS = 20
LONGEST_ITEM = 80
FIELDS = ("name", "email", "organisation", "grade", "joined_on", "interests", "skills")  # as people are asked
TYPED = "\n,;"  # what holds the items of a list apart that a person types
FIRST_DAY = date(1900, 1, 1)
WHOLE_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Controls, halves of characters, characters of nobody's, breaks of lines and paragraphs.
NOT_TEXT = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp"})
TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # what follows reads as another
EMPTY_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # letters that show nothing


def application(
    places: Places,
    *,
    name: str,
    email: str,
    organisation: str,
    grade: str,
    interests: Iterable[str],
    skills: Iterable[str],
) -> Application:
    """An application to join. Raises `Invalid` with every field that is wrong, `OrganisationClosed` if that is one."""
    wrong: list[FieldError] = []
    code = _organisation(organisation, places, wrong)
    answers = Application(
        name=_name(name, wrong),
        email=_email(email, wrong),
        organisation=code,
        grade=_grade(grade, code, places, wrong),
        interests=_items("interests", interests, wrong),
        skills=_items("skills", skills, wrong),
    )
    _refuse(wrong)
    return answers


def imported(cells: Mapping[str, str], places: Places, *, only: str | None) -> tuple[Application, date]:
    """A row of a file: the application and the day of joining. With `only`, of that organisation and no other.

    Raises `Invalid` with every field that is wrong.
    """
    wrong: list[FieldError] = []
    joined_on = _past_day("joined_on", cells["joined_on"], places.day, wrong)
    try:
        answers = application(
            places,
            name=cells["name"],
            email=cells["email"],
            organisation=cells["organisation"],
            grade=cells["grade"],
            interests=listed(cells["interests"]),
            skills=listed(cells["skills"]),
        )
    except Invalid as invalid:
        raise Invalid(*invalid.errors, *wrong) from None
    if only is not None and answers.organisation != only:
        wrong.append(FieldError("organisation", "You can import members of your own organisation only"))
    _refuse(wrong)
    return answers, joined_on


def grade_in(places: Places, organisation: str, grade: str) -> Grade:
    """A grade as that organisation calls it today. Raises `Invalid`."""
    wrong: list[FieldError] = []
    found = _grade(grade, organisation, places, wrong)
    _refuse(wrong)
    return found


def place(places: Places, organisation: str, grade: str) -> tuple[str, Grade]:
    """An organisation's code and a grade as it is called there. Raises `Invalid` with both when both are wrong."""
    wrong: list[FieldError] = []
    code = _organisation(organisation, places, wrong)
    found = _grade(grade, code, places, wrong)
    _refuse(wrong)
    return code, found


def contact(name: str | None, email: str | None) -> tuple[str | None, str | None]:
    """A new name, a new address, or both; None stays None. Raises `Invalid`."""
    wrong: list[FieldError] = []
    if name is None and email is None:
        raise Invalid(FieldError("name", "Give a new name, a new email address, or both"))
    read = (
        None if name is None else _name(name, wrong),
        None if email is None else _email(email, wrong),
    )
    _refuse(wrong)
    return read


def topics(interests: Iterable[str], skills: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Interests and skills. Raises `Invalid` with both when both are wrong."""
    wrong: list[FieldError] = []
    read = _items("interests", interests, wrong), _items("skills", skills, wrong)
    _refuse(wrong)
    return read


def address(text: str) -> str | None:
    """An e-mail address in the form that is compared and stored, or None when it is none."""
    wrong: list[FieldError] = []
    return _email(text, wrong) or None


def listed(text: str, separators: str = ";") -> list[str]:
    """The items of a list that is written in one text."""
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return text.split(separators[0])


def _refuse(wrong: list[FieldError]) -> None:
    wrong.sort(key=lambda its: FIELDS.index(its.field))
    if any(isinstance(its, ClosedThere) for its in wrong):
        raise OrganisationClosed(*wrong)
    if wrong:
        raise Invalid(*wrong)


def _name(text: str, wrong: list[FieldError]) -> str:
    name = _clean(text)
    if not any(letter.isalpha() and letter not in EMPTY_LETTERS for letter in name):
        wrong.append(FieldError("name", "Enter your full name"))
    elif len(name) > LONGEST_NAME:
        wrong.append(FieldError("name", f"The name must be {LONGEST_NAME} characters or fewer"))
    elif not _is_text(name):
        wrong.append(FieldError("name", "The name has characters in it that are not letters or signs"))
    return name


def _email(text: str, wrong: list[FieldError]) -> str:
    """ASCII and in lower case; no look into the DNS, since an address may be new and a network may be closed."""
    try:
        # The test environment is .test, which reaches nobody, like .example; other departments' tests use it.
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        sentence = "Enter an email address in the correct format, like name@example.com"
        wrong.append(FieldError("email", sentence if text.strip() else "Enter your work email address"))
        return ""
    return (found.ascii_email or found.normalized).lower()


def _organisation(text: str, places: Places, wrong: list[FieldError]) -> str:
    """Its code, of a closed one too, so that a grade there is still understood."""
    its = places.register.named(text)
    if its is None:
        known = f"This organisation is not known here. Enter one of these: {places.written_so}"
        wrong.append(FieldError("organisation", known if text.strip() else "Choose your organisation"))
        return ""
    if reason := places.why_nobody_joins(its):
        kind = ClosedThere if its.has_closed(places.day) else FieldError
        wrong.append(kind("organisation", reason))
    return its.code


def _grade(text: str, organisation: str, places: Places, wrong: list[FieldError]) -> Grade:
    grade = grades.grade_named(text, organisation, places.day)
    if grade is None:
        known = f"This grade is not known there. Enter one of these: {grades.possible(organisation, places.day)}"
        wrong.append(FieldError("grade", known if text.strip() else "Choose your grade"))
    return grade or Grade.AA


def _past_day(field: str, text: str, today: date, wrong: list[FieldError]) -> date:
    try:
        day = _day(text.strip())
    except ValueError:
        wrong.append(FieldError(field, "Enter a date as year-month-day, such as 2021-11-01"))
        return today
    if not FIRST_DAY <= day <= today:
        wrong.append(FieldError(field, "Enter a date from 1900 to today"))
    return day


def _day(text: str) -> date:
    """Raises ValueError. Days and months may have one digit, as spreadsheets write them."""
    if WHOLE_DAY.fullmatch(text):
        return date.fromisoformat(text)  # a tenth of what the other takes, in a file of 10,000
    return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone


def _items(field: str, texts: Iterable[str], wrong: list[FieldError]) -> tuple[str, ...]:
    """Cleaned, without empty ones and without repeats, in their order."""
    items: dict[str, str] = {}
    for text in texts:
        if item := _clean(text):
            items.setdefault(item.casefold(), item)
    found = tuple(items.values())
    if len(found) > MOST_ITEMS:
        wrong.append(FieldError(field, f"Give {MOST_ITEMS} {field} at most"))
    elif any(len(item) > LONGEST_ITEM for item in found):
        wrong.append(FieldError(field, f"Each of the {field} must be {LONGEST_ITEM} characters or fewer"))
    elif not all(map(_is_text, found)):
        wrong.append(FieldError(field, f"The {field} have characters in them that are not letters or signs"))
    return found


def _clean(text: str) -> str:
    """One form for what looks the same, blanks only between words."""
    return " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part).strip()


def _is_text(text: str) -> bool:
    return text.isprintable() or not any(
        unicodedata.category(character) in NOT_TEXT or character in TURNS_TEXT for character in text
    )
