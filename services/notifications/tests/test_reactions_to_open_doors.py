"""Which doors members says are open; each event once, twice and out of order, and all of it heard again."""

from datetime import UTC, date, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from chassis import projections
from chassis.database import Database
from chassis.testing import deliver, said
from contracts.base import DomainEvent
from notifications import door_store
from notifications.app import OPEN_DOORS
from notifications.door_examples import (
    ADA,
    APPOINTED,
    ASKED,
    CLOSES,
    DISBANDED,
    ENDED,
    ESTABLISHED,
    EXTENDED,
    MEETS,
    NEXT,
    OPENED,
    SEAT_OPENED,
    SEATED,
)
from notifications.testing import rows
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually

NOW: Final = datetime(2027, 1, 15, 10, 0, tzinfo=UTC)


async def hear(database: Database, *events: tuple[DomainEvent, int]) -> Any:
    return await deliver(database, "notifications", OPEN_DOORS, *(said(its, number) for its, number in events))


async def doors(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT kind, title, closes_at, ends_on, grades FROM door ORDER BY kind")


FOCUS_GROUP: Final = ("focus-group", "How we recruit", CLOSES, None, ["AA", "AO", "EO"])
A_SEAT: Final = ("seat", "A seat for the regions", None, None, None)
A_QUESTION: Final = (
    "question",
    "Did it reach you?",
    datetime(2027, 2, 12, 0, 0, tzinfo=UTC),
    date(2027, 2, 11),
    None,
)


def the_group(ends_on: date) -> tuple[Any, ...]:
    return ("group", "Survey of skills", None, ends_on, None)


async def names(database: Database) -> list[str]:
    return [title for (title,) in await rows(database, "SELECT title FROM group_name")]


async def without_champion(database: Database) -> int:
    async with database.transaction() as tx:
        return await door_store.themes_without_champion(tx)


async def test_open_opportunity_once_is_there_with_its_closing_and_its_grades(notifications: Database) -> None:
    await hear(notifications, (OPENED, 1))

    assert await doors(notifications) == [FOCUS_GROUP]


async def test_open_opportunity_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (OPENED, 1))
    again = await hear(notifications, (OPENED, 1))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [FOCUS_GROUP])


async def test_open_opportunity_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (OPENED, 2))

    assert (early.parked, await doors(notifications)) == (1, [])


async def test_open_seat_once_is_there(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2), (SEAT_OPENED, 3))

    assert await doors(notifications) == [A_SEAT]


async def test_open_seat_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2), (SEAT_OPENED, 3))
    again = await hear(notifications, (SEAT_OPENED, 3))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [A_SEAT])


async def test_open_seat_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (SEAT_OPENED, 3))
    assert (early.parked, await doors(notifications)) == (1, [])

    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2))
    assert await doors(notifications) == [A_SEAT]


async def test_take_seat_once_shuts_the_door(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2))

    assert await doors(notifications) == []


async def test_take_seat_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2))
    again = await hear(notifications, (SEATED, 2))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [])


async def test_take_seat_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (SEATED, 2))
    assert (early.parked, await doors(notifications)) == (1, [])

    await hear(notifications, (SEAT_OPENED, 1))
    assert await doors(notifications) == []


async def test_open_question_once_is_there_until_its_last_day_ends(notifications: Database) -> None:
    await hear(notifications, (ASKED, 1))

    assert await doors(notifications) == [A_QUESTION]


async def test_open_question_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (ASKED, 1))
    again = await hear(notifications, (ASKED, 1))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [A_QUESTION])


async def test_open_question_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (ASKED, 2))

    assert (early.parked, await doors(notifications)) == (1, [])


async def test_open_group_once_is_there_with_its_last_day(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1))

    assert await doors(notifications) == [the_group(date(2027, 6, 30))]


async def test_open_group_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1))
    again = await hear(notifications, (ESTABLISHED, 1))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [the_group(date(2027, 6, 30))])


async def test_open_group_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (ESTABLISHED, 2))

    assert (early.parked, await doors(notifications)) == (1, [])


async def test_extend_group_once_gives_a_later_day(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1), (EXTENDED, 2))

    assert await doors(notifications) == [the_group(date(2027, 9, 30))]


async def test_extend_group_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1), (EXTENDED, 2))
    again = await hear(notifications, (EXTENDED, 2))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [the_group(date(2027, 9, 30))])


async def test_extend_group_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (EXTENDED, 2))
    assert (early.parked, await doors(notifications)) == (1, [])

    await hear(notifications, (ESTABLISHED, 1))
    assert await doors(notifications) == [the_group(date(2027, 9, 30))]


async def test_shut_group_once_shuts_the_door(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1), (DISBANDED, 2))

    assert await doors(notifications) == []


async def test_shut_group_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (ESTABLISHED, 1), (DISBANDED, 2))
    again = await hear(notifications, (DISBANDED, 2))

    assert (again.applied, again.repeats, await doors(notifications)) == (0, 1, [])


async def test_shut_group_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (DISBANDED, 2))
    assert (early.parked, await doors(notifications)) == (1, [])

    await hear(notifications, (ESTABLISHED, 1))
    assert await doors(notifications) == []


async def test_name_group_once_keeps_what_it_is_called(notifications: Database) -> None:
    await hear(notifications, (MEETS, 1))

    assert await names(notifications) == ["The action group"]


async def test_name_group_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (MEETS, 1))
    again = await hear(notifications, (MEETS, 1))

    assert (again.applied, again.repeats, await names(notifications)) == (0, 1, ["The action group"])


async def test_name_group_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (MEETS, 2))

    assert (early.parked, await names(notifications)) == (1, [])


async def test_take_theme_once_counts_no_theme(notifications: Database) -> None:
    await hear(notifications, (APPOINTED, 1), (ENDED, 2), (NEXT, 1))

    assert await without_champion(notifications) == 0


async def test_take_theme_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (APPOINTED, 1), (ENDED, 2), (NEXT, 1))
    again = await hear(notifications, (NEXT, 1))

    assert (again.applied, again.repeats, await without_champion(notifications)) == (0, 1, 0)


async def test_take_theme_out_of_order_before_the_last_one_ended_counts_no_theme(notifications: Database) -> None:
    await hear(notifications, (NEXT, 1), (ENDED, 2))
    assert await without_champion(notifications) == 0

    await hear(notifications, (APPOINTED, 1))
    assert await without_champion(notifications) == 0


async def test_free_theme_once_counts_one_theme(notifications: Database) -> None:
    await hear(notifications, (APPOINTED, 1), (ENDED, 2))

    assert await without_champion(notifications) == 1


async def test_free_theme_twice_is_once(notifications: Database) -> None:
    await hear(notifications, (APPOINTED, 1), (ENDED, 2))
    again = await hear(notifications, (ENDED, 2))

    assert (again.applied, again.repeats, await without_champion(notifications)) == (0, 1, 1)


async def test_free_theme_out_of_order_waits_for_what_was_said_before_it(notifications: Database) -> None:
    early = await hear(notifications, (ENDED, 2))
    assert (early.parked, await without_champion(notifications)) == (1, 0)

    await hear(notifications, (APPOINTED, 1))
    assert await without_champion(notifications) == 1


async def test_a_seat_opens_again_when_its_term_has_ended(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2), (SEAT_OPENED, 3))

    assert await doors(notifications) == [A_SEAT]


async def test_a_closed_opportunity_and_one_for_other_grades_are_no_doors(notifications: Database) -> None:
    await hear(notifications, (OPENED, 1))

    async with notifications.transaction() as tx:
        assert [its.title for its in await door_store.to_apply_for(tx, NOW, "EO", most=9)] == ["How we recruit"]
        assert [its.title for its in await door_store.to_apply_for(tx, NOW, None, most=9)] == ["How we recruit"]
        assert await door_store.to_apply_for(tx, NOW, "G7", most=9) == []
        assert await door_store.to_apply_for(tx, CLOSES, "EO", most=9) == []
        assert [await door_store.closed_to(tx, NOW, its) for its in ("EO", "G7", None)] == [0, 1, 0]


async def test_nobody_is_in_it(notifications: Database) -> None:
    await hear(notifications, (SEAT_OPENED, 1), (SEATED, 2), (APPOINTED, 1), (ENDED, 2), (NEXT, 1))

    kept = [row for table in OPEN_DOORS.tables for row in await rows(notifications, f"SELECT * FROM {table}")]  # noqa: S608
    assert len(kept) == 2
    assert str(ADA) not in str(kept)


async def test_all_doors_come_out_of_the_log_as_they_were_to_the_byte(
    running: FastAPI, kafka: KafkaAddress, topic_prefix: str
) -> None:
    database = running.state.running.database
    async with AIOKafkaProducer(**kafka.aiokafka()) as producer:
        for its, number in (
            (OPENED, 1),
            (SEAT_OPENED, 1),
            (SEATED, 2),
            (ASKED, 1),
            (ESTABLISHED, 1),
            (EXTENDED, 2),
            (MEETS, 1),
            (APPOINTED, 1),
            (ENDED, 2),
        ):
            put = said(its, number)
            await producer.send_and_wait(
                f"{topic_prefix}gse.members", value=put.value, key=put.key, partition=0, headers=put.headers
            )

    async def whole() -> list[str]:
        found = [row for its in OPEN_DOORS.tables for row in await rows(database, f"SELECT {its}::text FROM {its}")]  # noqa: S608
        return sorted(text for (text,) in found)

    async def ended() -> bool:
        return await rows(database, "SELECT 1 FROM theme_term WHERE is_over") != []

    await eventually(ended, timeout=30)
    before = await whole()
    rebuilt = await projections.rebuild("notifications", running.state.settings, database, OPEN_DOORS)

    assert (rebuilt.records, rebuilt.rows, rebuilt.parked, rebuilt.as_before) == (9, 5, 0, True)
    assert await whole() == before
    assert len(before) == 5
