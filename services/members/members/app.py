"""The table of contents of members: who we are, how we move, who signs in."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from chassis import commands, copies, service
from chassis.browsing import RENEW
from chassis.limits import Limits
from chassis.subscription import Subscription
from chassis.timers import Timer
from chassis.web import create_pages
from contracts.erasure import (
    MemberDataErasedByEvents,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
)
from contracts.events import EventHosted, EventPublished, KeyDateScheduled
from members import operations
from members.dashboard import api as dashboard
from members.dashboard import pages as dashboard_pages
from members.erasure import contacts_again, erasing, withdrawing
from members.feedback import answering, forgetting, team_pages
from members.feedback import api as feedback
from members.feedback import closing as closing_rounds
from members.feedback import pages as feedback_pages
from members.groups import api as groups_api
from members.groups import (
    champion_pages,
    champions_api,
    ending_terms,
    histories,
    meeting_change_pages,
    meeting_pages,
    meetings_api,
    reaching_the_end,
    task_api,
    task_pages,
)
from members.groups import pages as groups_pages
from members.home import coming_up, pages
from members.imports import importing
from members.imports import pages as import_pages
from members.imports import settling as settling_imports
from members.membership import (
    api,
    decided,
    joining_pages,
    merging,
    people,
    person_pages,
    profile_pages,
    profiling,
    verification,
)
from members.monitoring import api as monitoring
from members.monitoring import pages as monitoring_pages
from members.monitoring import shuffling
from members.monitoring.sealing import Vault
from members.opportunities import api as opportunities
from members.opportunities import choosing_api, findings_api, rotating, shadow_board_api, shadow_board_pages
from members.opportunities import closing as closing_opportunities
from members.opportunities import pages as opportunity_pages
from members.opportunities import team_pages as opportunity_team_pages
from members.places import pages as organisation_pages
from members.places import register
from members.rights import copy_pages, copy_store, erasures, restricting
from members.rights import pages as rights_pages
from members.roles import grants as role_grants
from members.roles import person_pages as role_pages
from members.roles import records as role_records
from members.settings import Settings
from members.signing_in import api as signing_in
from members.signing_in import pages as sign_in_pages
from members.signing_in.provider import Provider
from members.statistics import api as statistics
from members.statistics import pages as statistics_pages
from members.strategy import api as strategy
from members.strategy import commitments_api, publishing_pages, telling_overdue, version_pages
from members.strategy import pages as strategy_pages

MENTORING = Subscription("gse.mentoring", {MemberDataErasedByMentoring: erasing.note_receipt})
EVENTS = Subscription("gse.events", {MemberDataErasedByEvents: erasing.note_receipt})
NOTIFICATIONS = Subscription("gse.notifications", {MemberDataErasedByNotifications: erasing.note_receipt})
COMING_UP = Subscription(
    "gse.events",
    {
        KeyDateScheduled: coming_up.keep_key_date,
        EventPublished: coming_up.keep_event,
        EventHosted: coming_up.take_down,
    },
    projection="coming-up",
    tables=("coming_up",),
)


def create(settings: Settings) -> FastAPI:
    vault, feedback_key = Vault.load(settings.monitoring_key), settings.feedback_key.get_secret_value().encode()
    imports = Timer("imports", settling_imports.work_off)
    mergers = Timer("mergers", register.carry_out)
    places = Timer("places", closing_opportunities.give_free_places)
    sessions = Timer("sessions", sign_in_pages.forget_ended, seconds=60)
    app = service.create(
        settings,
        name="members",
        package=__file__,
        routers=[
            api.router,
            erasing.router,
            importing.router,
            register.router,
            role_grants.router,
            role_records.router,
            role_records.pages,
            signing_in.router,
            sign_in_pages.router,
            sign_in_pages.passing,
            operations.router,
            pages.router,
            joining_pages.router,
            profile_pages.router,
            import_pages.router,
            merging.router,
            merging.pages,
            decided.router,
            decided.pages,
            people.router,
            people.pages,
            person_pages.router,
            role_pages.router,
            profiling.router,
            profiling.pages,
            verification.router,
            verification.pages,
            organisation_pages.router,
            dashboard.router,
            dashboard_pages.router,
            strategy.router,
            commitments_api.router,
            strategy_pages.router,
            publishing_pages.router,
            version_pages.router,
            groups_api.router,
            champions_api.router,
            task_api.router,
            meetings_api.router,
            task_pages.router,
            meeting_change_pages.router,  # before the parts of a meeting
            meeting_pages.router,
            groups_pages.router,
            champion_pages.router,
            histories.router,
            histories.pages,
            feedback.router,
            answering.router,
            feedback_pages.router,
            team_pages.router,
            restricting.router,
            erasures.router,
            rights_pages.router,
            copy_pages.router,
            copies.routes("members", copy_store.holdings(vault, feedback_key)),
            opportunities.router,
            choosing_api.router,
            findings_api.router,
            shadow_board_api.router,
            shadow_board_pages.router,
            opportunity_team_pages.router,
            opportunity_pages.router,
            monitoring.router,
            monitoring_pages.router,
            statistics.router,
            statistics_pages.router,
        ],
        subscriptions=[MENTORING, EVENTS, NOTIFICATIONS, COMING_UP],
        timers=[
            imports,
            mergers,
            sessions,
            Timer("erasures", erasing.tell_stalled),
            Timer("commitments", telling_overdue.tell_overdue),
            Timer("champions", ending_terms.end_those_whose_day_has_ended),
            Timer("feedback", partial(closing_rounds.close_due, key=feedback_key)),
            Timer("monitoring", shuffling.shuffle, seconds=3600),
            Timer("feedback comments", forgetting.forget_comments, seconds=60),
            Timer("opportunities", closing_opportunities.close_due),
            Timer("terms", rotating.end_terms),
            places,
            Timer("task groups", reaching_the_end.of_one),
            Timer("contacts", partial(withdrawing.say_again, hours=settings.contacts_again_hours)),
        ],
        senders=[],
        pages=create_pages("members", Path(__file__).parent / "templates"),
        limits=Limits(uploads=[importing.UPLOADS, import_pages.HERE, RENEW]),
    )
    app.state.imports = imports
    app.state.mergers = mergers
    app.state.places = places
    secret = settings.oidc_client_secret.get_secret_value()
    app.state.provider = Provider(settings.oidc_issuer, settings.oidc_client_id, secret)
    app.state.vault = vault
    app.state.signing_key = signing_in.signing_key(settings)
    return app


if __name__ == "__main__":
    commands.main(Settings, create, name="members", package=__file__, newest=contacts_again.newest)
