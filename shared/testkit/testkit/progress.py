"""How long steps tell what they are doing: one short sentence at a time."""

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_sentence: str) -> None:
    """For callers who do not want to hear."""
