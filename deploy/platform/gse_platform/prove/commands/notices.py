"""Members choose how they want to hear, end mail of a kind and read; the team sends again."""

import contextlib

import httpx2

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession
from gse_platform.prove.wishing import as_form, wish

INBOXES = "/api/notifications/v1/members"
NOTICES = "/api/notifications/v1/notices"


async def choose(profession: Profession, person: Person) -> None:
    """What they want to hear, and when."""
    asked = wish(profession.chance)
    its = await profession.history.ask(
        "prefer",
        f"{INBOXES}/{person.member_id}/preferences",
        as_form(asked),
        profession.by(person),
        about=person.member_id,
        asked=asked,
        method="PUT",
    )
    profession.free(person, its)


async def unsubscribe(profession: Profession, person: Person) -> None:
    """As a mail program does it for whoever has the mail: one request, without signing in."""
    way = await way_out(profession, person)
    if way is None:
        await choose(profession, person)
        return
    path, token = way
    profession.history.tokens |= {token}
    its = await profession.history.ask(
        "unsubscribe",
        path,
        {"List-Unsubscribe": "One-Click"},
        dict,
        about=person.member_id,
        asked={"category": path.rpartition("/")[2]},
        is_form=True,
    )
    profession.free(person, its)


async def way_out(profession: Profession, person: Person) -> tuple[str, str] | None:
    """Of some mail of theirs; None where there is none, or it is of what nobody can stop."""
    numbers = await profession.mail_of(person)
    with contextlib.suppress(httpx2.HTTPError):
        if profession.post and numbers:
            return await profession.post.way_out(profession.chance.choice(numbers))
    return None


async def send_again(profession: Profession) -> None:
    """The team looks for what may not have gone out, and sends one of it again."""
    unknown = await profession.shown(f"{NOTICES}?state=unknown", profession.holding("team"), "notices")
    if not unknown:
        await join(profession)
        return
    notice = profession.chance.choice(unknown)["notice_id"]
    await profession.history.ask(
        "send-again", f"{NOTICES}/{notice}/redelivery", None, profession.holding("team"), about=notice
    )


async def read(profession: Profession, person: Person) -> None:
    """They open something that they were told."""
    inbox = f"{INBOXES}/{person.member_id}/inbox"
    found = await profession.shown(inbox, profession.by(person), "notices")
    if not found:
        await change_grade(profession, person)
        return
    notice = profession.chance.choice(found)["notice_id"]
    its = await profession.history.ask(
        "read",
        f"{inbox}/{notice}/read",
        None,
        profession.by(person),
        about=person.member_id,
        asked={"notice_id": notice},
        method="PUT",
    )
    profession.free(person, its)
