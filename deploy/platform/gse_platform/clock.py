"""`./gse clock`: moves the business clock of the local platform. Tokens, leases and time-outs stay on wall time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gse_platform.home import CannotGoOn, write_privately

# People name instants in the time of the place they work in.
HERE = ZoneInfo("Europe/London")


def move_clock(file: Path, to: str, wall: datetime) -> tuple[datetime, datetime]:
    """Make `to` the business time from now on. Gives the business time before and after."""
    try:
        instant = datetime.fromisoformat(to)
    except ValueError:
        raise CannotGoOn(
            f"{to!r} is not an instant: write 2027-02-11 or 2027-02-11T09:00 (London time), or with an offset.",
        ) from None
    wanted = instant if instant.tzinfo else instant.replace(tzinfo=HERE)
    before = wall + timedelta(seconds=offset(file))
    if wanted < before:
        raise CannotGoOn(f"The business clock only goes forwards: it is already {told(before)}.")
    write_privately(file, f"{(wanted - wall).total_seconds():.3f}\n")
    return before, wanted


def offset(file: Path) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0
    except ValueError:
        raise CannotGoOn(f"{file} is damaged: delete it to go back to wall time.") from None


def told(instant: datetime) -> str:
    return instant.astimezone(HERE).isoformat(sep=" ", timespec="seconds")


def wall_clock() -> datetime:
    return datetime.now(UTC)
