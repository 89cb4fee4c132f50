"""Who is in which group."""

from collections.abc import Iterator

from gse_platform.prove.facts import Command, Facts

JOINED, LEFT = "VolunteerJoinedGroup", "VolunteerLeftGroup"
Place = tuple[str, str]  # a member and a group


def volunteers_are_who_joined(facts: Facts) -> list[str]:
    """Each joining and leaving of a group is said once, in order; who leaves the profession leaves every group."""
    wanted = dict[Place, list[str]]()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.outcome == "ok":
            for place, what in list(_asked(its, wanted)):
                wanted.setdefault(place, []).append(what)
    said = dict[Place, list[str]]()
    for event in facts.said:
        if event.name in {JOINED, LEFT}:
            said.setdefault((event.data["member_id"], event.data["group_id"]), []).append(event.name)
    wrong = [
        f"{place[0]} in {place[1]}: should be {wanted.get(place)}, is {said.get(place)}"
        for place in sorted(wanted.keys() | said.keys())
        if wanted.get(place) != said.get(place)
    ]
    inside = {place for place, names in wanted.items() if names[-1] == JOINED}
    rows = {
        (row["member_id"], row["group_id"])
        for row in facts.rows.get("members.volunteering", ())
        if row["left_at"] is None
    }
    return wrong + [f"{member_id} in {group_id}: the row says otherwise" for member_id, group_id in inside ^ rows]


def _asked(its: Command, so_far: dict[Place, list[str]]) -> Iterator[tuple[Place, str]]:
    """What an acknowledged command says of volunteers."""
    if its.kind in {"leave", "erase", "merge"}:
        yield from ((place, LEFT) for place, names in so_far.items() if place[0] == its.about and names[-1] == JOINED)
    elif its.kind in {"volunteer", "step-down"}:
        place = (its.about, its.asked["group_id"])
        is_in = so_far.get(place, [LEFT])[-1] == JOINED
        if its.kind == "volunteer" and not is_in:
            yield place, JOINED
        elif its.kind == "step-down":
            yield place, LEFT
