"""The conservation law, a sentence at a time: each check gives what speaks against it, so nothing is what is wanted."""

from collections.abc import Callable, Mapping
from typing import Final

from gse_platform.prove import (
    check_board,
    check_choices,
    check_commands,
    check_confided,
    check_effects,
    check_feedback,
    check_figures,
    check_groups,
    check_log,
    check_mail,
    check_meetings,
    check_membership,
    check_monitoring,
    check_notices,
    check_opportunities,
    check_organisations,
    check_promises,
    check_restriction,
    check_state,
)
from gse_platform.prove.facts import Facts

Check = Callable[[Facts], list[str]]

CHECKS: Final[Mapping[str, Check]] = {
    "Every acknowledged command is there, once and in order; no refused one is": check_commands.acknowledged_is_there,
    "Every contact that was entered is on its stream, and taken back by leaving": check_commands.contacts_are_there,
    "The same key gives the same answer again": check_commands.same_key_same_answer,
    "Kafka's own consumer read every stream whole": check_log.log_is_whole,
    "Ledgers and streams hold the same: nothing lost, no phantom": check_log.ledger_is_log,
    "Each subject's events are on its stream as 1 to n": check_log.subjects_are_in_order,
    "Every consumer stands at the end of its stream": check_effects.offsets_are_ends,
    "Every consumer heard all that was said, in order": check_effects.heard_is_said,
    "Every effect was made once": check_effects.effects_are_made_once,
    "Every bad record is parked with a clean reason; no good one is": check_effects.bad_records_are_parked,
    "People are written to under their newest name and address": check_effects.contacts_are_newest,
    "Every projection is a fold of the ledger": check_state.projections_are_folds,
    "Leavers hold no enrolment, pair, place or unsent notice": check_state.leavers_hold_nothing,
    "Who asked for it is forgotten by all four services": check_state.the_erased_are_forgotten,
    "Each notice is of an event, to who should hear of it, once": check_notices.notices_are_of_events,
    "Who should hear of an event has a notice of it": check_notices.everybody_hears,
    "Mail went out once, and its notices say so": check_mail.mail_went_out_once,
    "Mail is sent again where the team asks for it, and nowhere else": check_mail.only_the_team_sends_again,
    "What became of each notice was said, once": check_mail.outcomes_are_said_once,
    "What members chose to hear is said, kept, and what they got": check_choices.choices_are_kept,
    "What somebody opened is read, and nothing else is": check_choices.reading_is_noted,
    "A promise whose day has passed is said to be overdue, once": check_promises.overdue_is_said_once,
    "Names and addresses are on no other stream, in no log or figure": check_state.canaries_stay_home,
    "Everybody sees what they were granted, and nothing else": check_state.everybody_sees_their_own,
    "An opportunity is said to be closed at its instant, once": check_opportunities.closing_is_said_once,
    "A lot chose those whom an independent draw gives": check_opportunities.the_lot_is_as_anybody_draws_it,
    "Elsewhere those are chosen whom the team named": check_opportunities.the_team_chose_by_hand,
    "Who is chosen had applied and not withdrawn or left": check_opportunities.the_chosen_applied,
    "Who applied stands there, and nobody else": check_opportunities.interests_are_as_asked,
    "A seat of the Shadow Board is free, taken, free again": check_board.seats_go_round,
    "A term ends before its day where somebody ends it": check_board.terms_are_ended_by_somebody,
    "Who has a seat advises, and nobody else": check_board.who_sits_advises,
    "Answers come of tokens, each once, and each counts": check_feedback.answers_come_of_tokens,
    "A closed round keeps figures and words alone": check_feedback.closed_rounds_keep_figures_alone,
    "No row of feedback leads to a member": check_feedback.nobody_is_found_in_feedback,
    "Answers to monitoring are as given; who is gone has none": check_monitoring.answers_are_as_given,
    "The figures of a quarter are published once": check_monitoring.releases_are_said_once,
    "Figures count who is present, nobody who is restricted": check_monitoring.the_restricted_are_not_counted,
    "Figures tell of as many members as a recount gives": check_figures.members_are_as_recounted,
    "Figures tell of answers what a recount gives, of few nothing": check_figures.characteristics_are_as_recounted,
    "Who is restricted is said, and stands everywhere": check_restriction.restricting_is_said,
    "Who is restricted has no mail but what they must, no match": check_restriction.the_restricted_are_left_alone,
    "Roles are as given, and taken back with membership": check_membership.roles_are_as_given,
    "Whose address is confirmed used a link for it": check_membership.addresses_are_confirmed_by_links,
    "Champions serve their terms": check_membership.champions_serve_their_terms,
    "Who joined and left which group is said, once and in order": check_groups.volunteers_are_who_joined,
    "Groups close or disband when they must, once; late ones are flagged": check_groups.groups_end_as_they_must,
    "A meeting is said as it is asked for, by who is in its group": check_meetings.meetings_are_as_asked,
    "What is written of a meeting stands there": check_meetings.what_is_written_of_meetings_stands,
    "Organisations merge on their day, and everybody moves once": check_organisations.mergers_are_carried_out,
    "What is said in confidence stays where it was said": check_confided.what_is_confided_stays,
}


def verdicts(facts: Facts) -> dict[str, list[str]]:
    """What speaks against each sentence."""
    return {sentence: check(facts) for sentence, check in CHECKS.items()}
