"""Which way a notice takes: fail-over, rests and rates, on a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.notifications import Channel
from notifications.channels import Channels
from notifications.domain import WELCOME, NotStarted, Outcome, Rejected, Sent, Unknown
from notifications.letters import Letter

EMAIL, NOTIFY = Channel.EMAIL, Channel.NOTIFY
AWAY = NotStarted("away", is_outage=True)
LATER = NotStarted("the mailbox is busy")


@dataclass
class Told:
    """A way whose next outcome the test says."""

    outcome: Outcome = field(default_factory=Sent)
    handed: list[Letter] = field(default_factory=list)
    is_closed: bool = False

    async def converse(self, letter: Letter) -> Outcome:
        self.handed.append(letter)
        return self.outcome

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def letter(channel: str) -> Letter:
    return Letter(
        notice_id=UUID(int=1),
        member_id=UUID(int=2),
        category=WELCOME.category,
        template=WELCOME,
        attempts=1,
        message_id="<1@gse.test>",
        name="Ada",
        email="ada@example.org",
        front_door="https://gse.test",
        channel=channel,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notify() -> Told:
    return Told()


@pytest.fixture
def smtp() -> Told:
    return Told()


@pytest.fixture
def both(notify: Told, smtp: Told, clock: Clock) -> Channels:
    return Channels({NOTIFY: notify, EMAIL: smtp}, clock=clock)


async def send(channels: Channels, times: int = 1, by: str | None = None) -> None:
    for _ in range(times):
        await channels.converse(letter(by or channels.current()))


async def test_a_letter_goes_the_way_for_which_it_was_claimed(both: Channels, notify: Told, smtp: Told) -> None:
    await send(both, by=EMAIL)

    assert both.current() == NOTIFY
    assert (len(notify.handed), len(smtp.handed)) == (0, 1)


async def test_after_five_outages_in_a_row_the_next_takes_over_for_a_minute(
    both: Channels, notify: Told, clock: Clock
) -> None:
    notify.outcome = AWAY
    await send(both, 4)
    assert (both.current(), both.room(8)) == (NOTIFY, 8)
    await send(both)
    assert (both.current(), both.room(8)) == (EMAIL, 8)

    clock.now += 59.9
    assert both.current() == EMAIL
    clock.now += 0.1
    assert (both.current(), both.room(8)) == (NOTIFY, 1)


async def test_one_try_that_goes_well_brings_the_first_back(both: Channels, notify: Told, clock: Clock) -> None:
    notify.outcome = AWAY
    await send(both, 5)
    clock.now += 60
    notify.outcome = Sent()
    await send(both)

    assert (both.current(), both.room(8)) == (NOTIFY, 8)


@pytest.mark.parametrize("outcome", [AWAY, Unknown("no answer"), Unknown("status 503", is_outage=True)])
async def test_one_try_that_does_not_keeps_it_out_for_another_minute(
    both: Channels, notify: Told, clock: Clock, outcome: Outcome
) -> None:
    notify.outcome = AWAY
    await send(both, 5)
    clock.now += 60
    notify.outcome = outcome
    await send(both)

    assert both.current() == EMAIL
    clock.now += 60
    assert both.current() == NOTIFY


async def test_while_it_is_tried_everything_else_goes_by_the_next(smtp: Told, clock: Clock) -> None:
    current: list[str] = []

    class Looking(Told):
        async def converse(self, letter: Letter) -> Outcome:
            current.append(channels.current())
            return await super().converse(letter)

    first = Looking(AWAY)
    channels = Channels({NOTIFY: first, EMAIL: smtp}, clock=clock)
    await send(channels, 5)
    clock.now += 60
    await send(channels)

    assert current == [NOTIFY] * 5 + [EMAIL]


@pytest.mark.parametrize("outcome", [Sent(), Rejected("no mailbox"), LATER])
async def test_outages_that_are_not_in_a_row_change_nothing(both: Channels, notify: Told, outcome: Outcome) -> None:
    for answer in (AWAY, AWAY, AWAY, AWAY, outcome, AWAY, AWAY, AWAY, AWAY):
        notify.outcome = answer
        await send(both, by=NOTIFY)

    assert both.current() == NOTIFY


async def test_five_unknown_ends_of_an_outage_in_a_row_let_the_next_take_over(both: Channels, notify: Told) -> None:
    notify.outcome = Unknown("status 503", is_outage=True)
    await send(both, 4)
    assert both.current() == NOTIFY
    await send(both)

    assert both.current() == EMAIL


async def test_an_unknown_end_of_one_message_is_no_outage(both: Channels, notify: Told) -> None:
    notify.outcome = Unknown("no answer")
    await send(both, 9, by=NOTIFY)

    assert both.current() == NOTIFY


async def test_where_nothing_takes_over_the_first_stays_and_is_not_held_up(
    both: Channels, notify: Told, smtp: Told, clock: Clock
) -> None:
    notify.outcome = smtp.outcome = AWAY
    await send(both, 10)
    assert (both.current(), both.room(8)) == (NOTIFY, 8)

    alone = Channels({EMAIL: smtp}, clock=clock)
    await send(alone, 10)
    assert (alone.current(), alone.room(8)) == (EMAIL, 8)


async def test_a_rest_that_the_other_side_wants_is_kept_and_the_next_takes_over(
    both: Channels, notify: Told, clock: Clock
) -> None:
    notify.outcome = NotStarted("no more", rest=timedelta(minutes=5))
    await send(both)

    assert (both.current(), both.room(8)) == (EMAIL, 8)
    clock.now += 300
    assert (both.current(), both.room(8)) == (NOTIFY, 8)


async def test_a_rest_is_kept_where_nothing_takes_over(notify: Told, clock: Clock) -> None:
    alone = Channels({NOTIFY: notify}, clock=clock)
    notify.outcome = NotStarted("no more", rest=timedelta(minutes=5))
    await send(alone)

    assert (alone.room(8), alone.seconds_until_room()) == (0, 300)
    clock.now += 300
    assert (alone.room(8), alone.seconds_until_room()) == (8, 0)


async def test_no_more_begin_than_the_rate_allows(smtp: Told, clock: Clock) -> None:
    limited = Channels({EMAIL: smtp}, {EMAIL: 3}, clock=clock)
    assert limited.room(8) == 3
    await send(limited, 3)
    assert limited.room(8) == 0
    assert limited.seconds_until_room() == pytest.approx(1 / 3)

    began = 0
    for _ in range(600):  # a minute of looking every tenth of a second
        clock.now += 0.1
        room = limited.room(8)
        await send(limited, room)
        began += room
    assert began in (179, 180)


async def test_asking_for_room_takes_none(smtp: Told, clock: Clock) -> None:
    limited = Channels({EMAIL: smtp}, {EMAIL: 3}, clock=clock)

    assert [limited.room(2) for _ in range(9)] == [2] * 9


async def test_a_rate_below_one_a_second_lets_one_begin_at_a_time(smtp: Told, clock: Clock) -> None:
    limited = Channels({EMAIL: smtp}, {EMAIL: 0.1}, clock=clock)
    await send(limited)
    assert limited.room(8) == 0

    clock.now += 100
    assert limited.room(8) == 1


async def test_all_ways_are_closed(both: Channels, notify: Told, smtp: Told) -> None:
    await both.close()

    assert notify.is_closed
    assert smtp.is_closed
