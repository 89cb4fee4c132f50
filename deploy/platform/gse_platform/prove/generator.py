"""A seeded profession: people join, move, meet and leave, several at a time, each through the front door."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gse_platform.prove.asking import AT_ONCE
from gse_platform.prove.commands import (
    champions,
    events,
    feedback,
    groups,
    meetings,
    members,
    membership,
    mentoring,
    monitoring,
    notices,
    opportunities,
    organisations,
    promises,
    shadow_board,
    task_groups,
)
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession

# How often each is asked, beside the others: what anybody asks, and what is asked by or about a member.
ALONE: Final[Mapping[Callable[[Profession], Awaitable[None]], int]] = {
    members.join: 33,
    events.propose: 3,
    events.move_a_gathering_on: 9,
    mentoring.match: 3,
    notices.send_again: 2,
    promises.publish: 3,
    promises.report: 2,
    promises.complete: 1,
    groups.establish: 2,
    groups.close: 2,
    task_groups.establish: 6,
    task_groups.deliver: 6,
    task_groups.extend: 2,
    task_groups.disband: 1,
    meetings.schedule: 4,
    meetings.move_on: 14,
    opportunities.open_call: 5,
    opportunities.move_a_call_on: 12,
    shadow_board.open_seat: 2,
    shadow_board.appoint: 12,
    shadow_board.answer: 1,
    shadow_board.stand_down: 6,
    feedback.open_round: 3,
    feedback.answer: 10,
    feedback.move_a_round_on: 3,
    monitoring.release: 4,
    champions.name_theme: 1,
    champions.end: 2,
    organisations.register: 2,
    organisations.merge: 2,
}
ABOUT: Final[Mapping[Callable[[Profession, Person], Awaitable[None]], int]] = {
    mentoring.enrol: 12,
    events.register: 13,
    members.change_grade: 10,
    members.transfer: 5,
    members.change_contact: 4,
    members.leave: 4,
    members.erase: 3,
    notices.choose: 6,
    members.grant: 3,
    notices.read: 3,
    notices.unsubscribe: 4,
    groups.volunteer: 18,
    groups.step_down: 4,
    meetings.schedule_own: 3,
    opportunities.register: 20,
    opportunities.withdraw: 4,
    shadow_board.advise: 3,
    feedback.take_token: 12,
    monitoring.answer: 24,
    monitoring.delete_answers: 2,
    monitoring.restrict: 3,
    monitoring.lift: 2,
    membership.update_profile: 6,
    membership.verify_again: 2,
    membership.confirm: 4,
    membership.merge: 2,
    members.revoke: 2,
    champions.appoint: 4,
    organisations.move_in: 4,
}


async def run(profession: Profession, count: int, may_begin: Callable[[int], Awaitable[None]]) -> None:
    """Send `count` commands; `may_begin` holds back the nth until its time has come."""

    async def work() -> None:
        while len(profession.history.commands) < count:
            await may_begin(len(profession.history.commands))
            await _one(profession)

    while not (profession.scheme and profession.gatherings):
        await mentoring.open_scheme(profession)
        await events.propose(profession)
    async with asyncio.TaskGroup() as workers:
        for _ in range(AT_ONCE):
            workers.create_task(work())


async def _one(profession: Profession) -> None:
    """The next command, drawn by how often each is to be asked."""
    person = profession.somebody()
    if person is None or profession.chance.choices((True, False), (sum(ALONE.values()), sum(ABOUT.values())))[0]:
        await profession.chance.choices(list(ALONE), list(ALONE.values()))[0](profession)
    else:
        person.busy = True
        await profession.chance.choices(list(ABOUT), list(ABOUT.values()))[0](profession, person)
