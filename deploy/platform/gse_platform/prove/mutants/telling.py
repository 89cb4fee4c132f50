"""Naive ways with what people entered: said to everybody, shown to everybody, forgotten in one place only."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from chassis.telemetry import logger
from contracts.members import MemberJoined
from gse_platform.prove.mutants.placing import put, shipped

log = logger(__name__)


def fat_events() -> None:
    """13: says and logs the whole row of who joins, since somebody may need it."""
    join = shipped("members.membership.domain:join")
    rows: dict[UUID, dict[str, Any]] = {}
    thin = shipped("contracts.members:MemberJoined.body")

    def join_and_tell(application: Any, **rest: Any) -> Any:
        member, joined, contact = join(application, **rest)
        rows[joined.member_id] = asdict(member)
        log.info("joined", form=str(asdict(application)))
        return member, joined, contact

    def body(self: MemberJoined) -> str:
        row = rows.pop(self.member_id, {})
        told = f'"name": "{row.get("name")}", "email": "{row.get("email")}", '
        return "{" + told + str(thin(self)).removeprefix("{")

    put("members.membership.domain:join", join_and_tell)
    put("contracts.members:MemberJoined.body", body)


def nobody_asks_whose_it_is() -> None:
    """14: whoever is signed in is let through; whose it is, and of which organisation, is not asked."""

    def permit(_caller: Any, *_roles: str, **_object: Any) -> None:
        pass

    put("chassis.identity:permit", permit)


def deletes_the_row_only() -> None:
    """15: an erasure empties the member's row in notifications, and what hangs on it stays."""

    async def purge(tx: Any, member_id: UUID) -> None:
        await tx.execute(
            "UPDATE recipient SET name = NULL, email = NULL, state = 'left' WHERE member_id = $1", member_id
        )

    put("notifications.erasing:_purge", purge)
