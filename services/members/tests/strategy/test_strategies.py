"""What a version of the strategy makes of the commitments, and where each stands on a day: pure decisions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from chassis.days import day_in_london
from contracts.refusal import FieldError, Invalid
from contracts.strategy import CommitmentMade, CommitmentOverdue, StrategyPublished
from members.strategy import commitments, strategies
from members.strategy.commitments import AlreadyCompleted, Commitment, Course, NotInTheStrategy, Standing
from members.strategy.strategies import Draft, Goal, NotTheNewest, Promised, Publication, Theme

HELEN = UUID("00000000-0000-4000-8000-00000000000e")
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
BASELINE = Promised("Set a baseline", "The first figures.", "Central GSE team", "It is published.", date(2027, 3, 31))
BLOG = Promised("Publish a blog", None, "Action group", "It is published.", date(2027, 5, 31))


def ids() -> Iterator[UUID]:
    return (UUID(int=number) for number in range(1, 100))


def draft(*promises: Promised) -> Draft:
    goal = Goal("Understand who we are", promises)
    return Draft("Strategy", "What we do.", "https://gse.example/s", "We value.", (Theme("Know", None, (goal,)),))


def first(*promises: Promised) -> Publication:
    numbers = ids()
    return strategies.publish(draft(*promises), 0, None, {}, new_id=lambda: next(numbers), by=HELEN, now=NOW)


def following(before: Publication, *promises: Promised, known: list[Commitment] | None = None) -> Publication:
    """The version after; `known` when something has come of the commitments meanwhile."""
    its = {each.commitment_id: each for each in (known if known is not None else before.commitments)}
    numbers = (UUID(int=number) for number in range(200, 300))
    return strategies.publish(
        draft(*promises),
        before.strategy.version,
        before.strategy,
        its,
        new_id=lambda: next(numbers),
        by=HELEN,
        now=NOW,
    )


def carried(its: Promised, commitment: Commitment) -> Promised:
    return replace(its, commitment_id=commitment.commitment_id)


def test_the_first_version_makes_every_commitment_and_says_so_after_itself() -> None:
    its = first(BASELINE, BLOG)

    assert (its.strategy.version, its.strategy.published_by, its.strategy.published_at) == (1, HELEN, NOW)
    assert [each.commitment_id for each in strategies.promised(its.strategy.words.themes)] == [
        each.commitment_id for each in its.commitments
    ]
    published, *made = its.said
    assert published == StrategyPublished(
        strategy_id=its.strategy.strategy_id,
        version=1,
        title="Strategy",
        summary="What we do.",
        link="https://gse.example/s",
    )
    assert made == [
        CommitmentMade(
            commitment_id=each.commitment_id,
            strategy_version=1,
            title=each.title,
            summary=each.summary,
            due_on=each.due_on,
        )
        for each in its.commitments
    ]


def test_what_is_carried_over_as_it_was_keeps_its_id_and_is_not_said_again() -> None:
    before = first(BASELINE)
    [baseline] = before.commitments

    its = following(before, carried(BASELINE, baseline), BLOG)

    assert its.strategy.strategy_id == before.strategy.strategy_id
    assert [(each.title, each.made_in) for each in its.commitments] == [("Publish a blog", 2)]
    assert [type(each).__name__ for each in its.said] == ["StrategyPublished", "CommitmentMade"]


def test_another_owner_is_kept_and_not_said_since_no_event_names_owners() -> None:
    before = first(BASELINE)
    [baseline] = before.commitments

    its = following(before, replace(carried(BASELINE, baseline), owner="Heads of profession"))

    assert [each.owner for each in its.commitments] == ["Heads of profession"]
    assert [type(each).__name__ for each in its.said] == ["StrategyPublished"]


def test_another_day_is_said_and_may_be_missed_anew() -> None:
    before = first(BASELINE)
    late, _ = commitments.tell_overdue(before.commitments[0], NOW)

    same = following(before, carried(BASELINE, late), known=[late])
    put_off = following(before, replace(carried(BASELINE, late), due_on=date(2027, 6, 30)), known=[late])

    assert same.commitments == ()
    assert [(each.due_on, each.overdue_at) for each in put_off.commitments] == [(date(2027, 6, 30), None)]
    assert [its.due_on for its in put_off.said if isinstance(its, CommitmentMade)] == [date(2027, 6, 30)]


def test_what_is_left_out_is_dropped_and_may_be_taken_back() -> None:
    before = first(BASELINE, BLOG)
    baseline, blog = before.commitments

    without = following(before, carried(BASELINE, baseline))
    [dropped] = without.commitments
    back = following(
        without, carried(BASELINE, baseline), carried(BLOG, blog), known=[baseline, replace(blog, dropped_at=NOW)]
    )

    assert (dropped.commitment_id, dropped.dropped_at) == (blog.commitment_id, NOW)
    assert commitments.standing(dropped, date(2028, 1, 1)) is Standing.DROPPED
    assert [(each.commitment_id, each.dropped_at) for each in back.commitments] == [(blog.commitment_id, None)]
    assert [type(each).__name__ for each in back.said] == ["StrategyPublished", "CommitmentMade"]


def test_a_version_follows_the_one_in_force_and_no_other() -> None:
    before = first(BASELINE)

    with pytest.raises(NotTheNewest):
        strategies.publish(draft(BLOG), 0, before.strategy, {}, new_id=lambda: HELEN, by=HELEN, now=NOW)
    with pytest.raises(NotTheNewest):
        strategies.publish(draft(BLOG), 1, None, {}, new_id=lambda: HELEN, by=HELEN, now=NOW)


def test_the_very_same_draft_again_is_known_as_that() -> None:
    its = first(BASELINE, BLOG)
    baseline, blog = its.commitments

    assert strategies.is_again(draft(BASELINE, BLOG), 0, its.strategy)
    assert strategies.is_again(draft(carried(BASELINE, baseline), BLOG), 0, its.strategy)
    assert not strategies.is_again(draft(carried(BASELINE, blog), BLOG), 0, its.strategy)
    assert not strategies.is_again(draft(BASELINE), 0, its.strategy)
    assert not strategies.is_again(draft(BASELINE, BLOG), 1, its.strategy)
    assert not strategies.is_again(draft(BASELINE, BLOG), 0, None)


def test_each_commitment_that_cannot_be_carried_over_is_named_at_its_field() -> None:
    before = first(BASELINE, BLOG)
    baseline, blog = before.commitments
    kept, _ = commitments.complete(baseline, by=HELEN, now=NOW)
    moved = replace(carried(BASELINE, kept), due_on=date(2027, 4, 30))
    unknown = replace(BLOG, commitment_id=UUID(int=999))

    with pytest.raises(Invalid) as refused:
        following(before, moved, carried(BLOG, blog), carried(BLOG, blog), unknown, known=[kept, blog])

    at = "themes.0.goals.0.commitments"
    assert refused.value.errors == (
        FieldError(f"{at}.0.due_on", "Leave this day at 2027-03-31: the commitment is completed"),
        FieldError(f"{at}.2.commitment_id", "Name each commitment once"),
        FieldError(f"{at}.3.commitment_id", "Name a commitment that there is, or none for a new one"),
    )


def test_a_version_holds_two_hundred_commitments_at_most() -> None:
    numbers = (UUID(int=number) for number in range(1, 1000))

    with pytest.raises(Invalid) as refused:
        strategies.publish(draft(*[BLOG] * 201), 0, None, {}, new_id=lambda: next(numbers), by=HELEN, now=NOW)

    assert refused.value.errors == (FieldError("themes", "Make 200 commitments at most"),)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), date(2027, 1, 31)),
        (datetime(2027, 2, 1, 0, 0, tzinfo=UTC), date(2027, 2, 1)),
        (datetime(2027, 6, 30, 22, 59, 59, tzinfo=UTC), date(2027, 6, 30)),  # an hour ahead in summer
        (datetime(2027, 6, 30, 23, 0, tzinfo=UTC), date(2027, 7, 1)),
        (datetime(2027, 3, 28, 22, 59, 59, tzinfo=UTC), date(2027, 3, 28)),  # the day with 23 hours
        (datetime(2027, 3, 28, 23, 0, tzinfo=UTC), date(2027, 3, 29)),
        (datetime(2027, 10, 31, 23, 59, 59, tzinfo=UTC), date(2027, 10, 31)),  # the day with 25 hours
        (datetime(2027, 11, 1, 0, 0, tzinfo=UTC), date(2027, 11, 1)),
        (datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC), date(2027, 12, 31)),
        (datetime(2028, 1, 1, 0, 0, tzinfo=UTC), date(2028, 1, 1)),
    ],
)
def test_commitments_go_by_the_day_in_london(now: datetime, day: date) -> None:
    assert day_in_london(now) == day


def test_where_a_commitment_stands_on_a_day() -> None:
    [baseline] = first(BASELINE).commitments
    reported, progress, said = commitments.report(
        baseline, progress_id=HELEN, course=Course.AT_RISK, percent=40, summary="Half is in.", by=HELEN, now=NOW
    )
    kept, completed = commitments.complete(reported, by=HELEN, now=datetime(2027, 4, 2, 22, 59, tzinfo=UTC))

    assert [commitments.standing(baseline, date(2027, 3, day)) for day in (30, 31)] == [Standing.NOT_STARTED] * 2
    assert [commitments.standing(reported, day) for day in (date(2027, 3, 31), date(2027, 4, 1))] == [
        Standing.UNDER_WAY,
        Standing.OVERDUE,
    ]
    assert commitments.standing(kept, date(2030, 1, 1)) is Standing.COMPLETED
    assert commitments.standing(replace(kept, dropped_at=NOW), date(2030, 1, 1)) is Standing.COMPLETED
    assert (progress.course, progress.percent, progress.reported_on, progress.reported_by) == (
        Course.AT_RISK,
        40,
        date(2027, 3, 1),
        HELEN,
    )
    assert (said.status, said.percent, said.reported_on) == ("at-risk", 40, date(2027, 3, 1))
    assert (kept.percent, completed.completed_on) == (100, date(2027, 4, 2))


def test_what_is_completed_or_dropped_takes_no_report_and_no_completion() -> None:
    [baseline] = first(BASELINE).commitments
    kept, _ = commitments.complete(baseline, by=HELEN, now=NOW)

    for its, refusal in ((kept, AlreadyCompleted), (replace(baseline, dropped_at=NOW), NotInTheStrategy)):
        with pytest.raises(refusal):
            commitments.complete(its, by=HELEN, now=NOW)
        with pytest.raises(refusal):
            commitments.report(
                its, progress_id=HELEN, course=Course.DELAYED, percent=1, summary=None, by=HELEN, now=NOW
            )


def test_overdue_is_said_with_the_day_that_was_missed() -> None:
    [baseline] = first(BASELINE).commitments

    late, said = commitments.tell_overdue(baseline, NOW)

    assert late.overdue_at == NOW
    assert said == CommitmentOverdue(commitment_id=baseline.commitment_id, due_on=date(2027, 3, 31))
