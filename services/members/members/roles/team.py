"""Who is of the central team, and may see and do what others may not."""

from chassis.identity import Caller


def is_team(caller: Caller | None) -> bool:
    """Whether whoever is asking is; a stranger (None) is not."""
    return caller is not None and "team" in caller.roles
