"""Who is paired with whom: peer pairs of one pool, the best there are. Pure.

As many pairs as can be, and of all such choices one whose scores add up highest: an exact maximum-weight matching of a
general graph. The reasons count what two members offer and seek and never quote it: people may write of themselves
there, and no explanation cites a characteristic.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Final
from uuid import UUID

from rustworkx import PyGraph, max_weight_matching

from contracts.members import Grade
from contracts.mentoring import MatchRunCompleted, MentoringPairCreated
from contracts.refusal import Refused
from mentoring.domain import Pair

LARGEST_POOL: Final = 500  # members; a run takes one to two seconds there, and exact grows with the cube
FARTHEST: Final = 2  # grades apart
SKILL: Final = 10  # for each skill that one offers and the other seeks
NEARNESS: Final = 3  # for each grade nearer than the farthest; less than a skill even when the grades are equal
RANK: Final = {grade: rank for rank, grade in enumerate(Grade)}
GRADES_APART: Final = ("Their grades are the same.", "Their grades are one apart.", "Their grades are two apart.")


class PoolTooLarge(Refused):
    """Exact matching would take too long. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(f"More than {LARGEST_POOL} members wait to be matched in this scheme, the most for one run.")


@dataclass(frozen=True)
class Entrant:
    """A member in the pool, as far as matching looks at them."""

    member_id: UUID
    organisation: str
    grade: Grade
    offers: frozenset[str]
    seeks: frozenset[str]


@dataclass(frozen=True)
class Proposal:
    """Two members of a pool, the lower id first, and what speaks for the two."""

    first: UUID
    second: UUID
    score: int
    reasons: tuple[str, ...]


def may_pair(one: Entrant, other: Entrant, *, across_organisations: bool) -> bool:
    """The hard exclusions, which no score outweighs."""
    if across_organisations and one.organisation == other.organisation:
        return False
    return _grades_apart(one, other) <= FARTHEST


def score(one: Entrant, other: Entrant) -> int:
    skills = len(one.offers & other.seeks) + len(other.offers & one.seeks)
    return SKILL * skills + NEARNESS * (FARTHEST - _grades_apart(one, other))


def propose(pool: Collection[Entrant], *, across_organisations: bool) -> list[Proposal]:
    """The optimal pairs, nobody twice; the same pool gives the same pairs. Raises `PoolTooLarge`."""
    if len(pool) > LARGEST_POOL:
        raise PoolTooLarge
    entrants = sorted(pool, key=lambda entrant: entrant.member_id)
    graph: PyGraph[Entrant, int] = PyGraph(multigraph=False)
    graph.add_nodes_from(entrants)
    graph.add_edges_from(
        [
            (place, other_place, score(one, other))
            for (place, one), (other_place, other) in combinations(enumerate(entrants), 2)
            if may_pair(one, other, across_organisations=across_organisations)
        ]
    )
    matched = max_weight_matching(graph, max_cardinality=True, weight_fn=int)
    return [_proposal(entrants[min(places)], entrants[max(places)]) for places in sorted(map(sorted, matched))]


def publish(
    run_id: UUID, proposed: Iterable[Pair], waiting: Iterable[Entrant], *, across_organisations: bool, now: datetime
) -> tuple[list[MentoringPairCreated], MatchRunCompleted]:
    """The proposed pairs that still may be, both members `waiting` as they are now; the others are dropped."""
    by_id = {entrant.member_id: entrant for entrant in waiting}
    created = [
        MentoringPairCreated(pair_id=pair.pair_id, first_member_id=pair.first, second_member_id=pair.second)
        for pair in proposed
        if pair.first in by_id
        and pair.second in by_id
        and may_pair(by_id[pair.first], by_id[pair.second], across_organisations=across_organisations)
    ]
    # To the second, as all that is public: a finer instant could be joined with what else happened in it.
    return created, MatchRunCompleted(run_id=run_id, published_at=now.replace(microsecond=0))


def _grades_apart(one: Entrant, other: Entrant) -> int:
    return abs(RANK[one.grade] - RANK[other.grade])


def _proposal(first: Entrant, second: Entrant) -> Proposal:
    return Proposal(first.member_id, second.member_id, score(first, second), tuple(_reasons(first, second)))


def _reasons(first: Entrant, second: Entrant) -> Sequence[str]:
    reasons = [
        f"The {one} offers {skills} of the skills that the {other} seeks."
        for one, other, skills in (
            ("first", "second", len(first.offers & second.seeks)),
            ("second", "first", len(second.offers & first.seeks)),
        )
        if skills
    ]
    reasons.append(GRADES_APART[_grades_apart(first, second)])
    if first.organisation != second.organisation:
        reasons.append("They work for different organisations.")
    return reasons
