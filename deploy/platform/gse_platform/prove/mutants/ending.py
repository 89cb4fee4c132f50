"""Naive ways of ending what has a last day: nobody is let go, and every replica does it."""

from datetime import date
from typing import Any

from gse_platform.prove.mutants.placing import put, shipped


def lets_nobody_go() -> None:
    """16: a group that is over is marked so, and whoever was in it stays in it."""

    async def stay(_tx: Any, _group: Any) -> None:
        pass

    put("members.groups.task_store:let_all_go", stay)


def every_replica_ends() -> None:
    """17: each replica ends what it finds over: the row is not held, and another one may have it in hand."""
    group, read = shipped("members.groups.task_store:GROUP"), shipped("members.groups.task_store:read_group")

    async def take(tx: Any, today: date) -> Any:
        row = await tx.fetchrow(
            f"""
            {group}
            WHERE ends_on < $1 AND disbanded_at IS NULL AND (flagged_at IS NULL OR NOT EXISTS
                (SELECT FROM deliverable WHERE deliverable.group_id = profession_group.group_id AND met_at IS NULL))
            ORDER BY ends_on, group_id LIMIT 1""",
            today,
        )
        return read(row) if row else None

    put("members.groups.task_store:take_at_the_end", take)
