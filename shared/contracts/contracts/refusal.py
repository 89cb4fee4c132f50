"""Refusals: a rule said no. A refusal is a business outcome with a name and a sentence for the person.

    Refused
    ├── NotFound      no such thing, or not yours to know of
    ├── NotYetKnown   it will be known here shortly; ask again
    └── Invalid       the input is wrong at named fields; nothing was changed

Everything that is not a `Refused` is a bug or an outage and is caught nowhere in a domain.
"""

from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not an error
    """A rule said no. Subclasses are named as the outcome (`AlreadyAMember`); the text is for the person."""

    @property
    def sentence(self) -> str:
        """What to tell the person; holds no input of theirs."""
        return str(self)


class NotFound(Refused):
    """There is no such thing, or it is not the caller's to know of; which of them, the sentence does not tell."""

    def __init__(self, sentence: str = "There is nothing here, or it is not yours to see.") -> None:
        super().__init__(sentence)


class NotYetKnown(Refused):
    """The thing exists elsewhere and its event has not arrived; the same request will do in a moment."""


@dataclass(frozen=True)
class FieldError:
    """One field of the input and a sentence that says how to mend it."""

    field: str
    sentence: str


class Invalid(Refused):
    """The input is wrong at the named fields. Nothing was changed."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("Check the answers that are marked.")
        self.errors = errors
