"""One meeting as an iCalendar file (RFC 5545); a newer file of it, moved or cancelled, takes the place of the older."""

from datetime import UTC, datetime

from members.groups.meetings import Meeting

LONGEST_LINE = 75  # octets, the blank that begins a following line among them


def of(its: Meeting, group: str, link: str) -> bytes:
    cancelled = its.cancelled_at is not None
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Government Science and Engineering profession//Groups//EN",
        "BEGIN:VEVENT",
        f"UID:{its.meeting_id}",
        f"DTSTAMP:{_instant(its.changed_at or its.scheduled_at)}",
        f"SEQUENCE:{its.changes}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        f"DTSTART:{_instant(its.starts_at)}",
        f"DTEND:{_instant(its.ends_at)}",
        f"SUMMARY:{_text(f'{group}: {its.title}')}",
        f"LOCATION:{_text(its.place)}",
        f"URL:{link}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return b"".join(_folded(line.encode()) + b"\r\n" for line in lines)


def _instant(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return words


def _folded(line: bytes) -> bytes:
    """Never within a character."""
    parts, end = list[bytes](), LONGEST_LINE
    while len(line) > end:
        while line[end] & 0xC0 == 0x80:  # noqa: PLR2004 - a character goes on
            end -= 1
        parts.append(line[:end])
        line, end = line[end:], LONGEST_LINE - 1
    return b"\r\n ".join([*parts, line])
