"""What only happened at another time than it was answered, or heard, is held against nobody."""

from dataclasses import replace

import doctored_monitoring
import doctored_opportunities
from doctored_opportunities import FOCUS
from healthy_run import ADA, BEN, healthy, with_more, with_row

from gse_platform.prove.check_mail import only_the_team_sends_again
from gse_platform.prove.check_opportunities import the_chosen_applied
from gse_platform.prove.check_restriction import the_restricted_are_left_alone
from gse_platform.prove.facts import Change, Command


def test_a_pool_is_of_when_its_run_was_made_and_not_of_when_it_was_published() -> None:
    run = [Change("mentoring.match_run", place, op, {"run_id": "run"}, at) for place, op, at in RUN]
    held = replace(doctored_monitoring.HELD, changes=run)

    assert the_restricted_are_left_alone(with_row("mentoring.entrant", 0, member_id=BEN)(held)) == []


RUN = ((0, "INSERT", 10.0), (1, "UPDATE", 60.0))  # between them it was heard that Ben is restricted


def test_what_was_sent_again_without_an_answer_may_have_been_refused_afterwards() -> None:
    again = with_row("notifications.notice", 0, redeliveries=1)(healthy())
    refused = Command(22, "send-again", "notice-ada", {}, "fail")

    assert only_the_team_sends_again(with_more("commands", replace(refused, doubted=True))(again)) == []
    assert only_the_team_sends_again(with_more("commands", refused)(again)) == [
        "notice notice-ada was to be sent again 0 times, and was 1 times"
    ]


def test_who_is_applying_again_while_the_lot_is_drawn_may_be_chosen() -> None:
    withdrew = Command(38, "withdraw", ADA, {"opportunity_id": FOCUS}, "ok", began=3, ended=4)
    again = Command(39, "apply", ADA, {"opportunity_id": FOCUS}, "ok", began=19, ended=21)

    assert the_chosen_applied(with_more("commands", withdrew, again)(doctored_opportunities.HELD)) == []
    assert the_chosen_applied(with_more("commands", withdrew)(doctored_opportunities.HELD)) == [
        f"{ADA} was chosen for {FOCUS} and had not applied, or had withdrawn"
    ]
