"""The table of contents of members: who we are, how we move, who signs in."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from chassis import commands, service
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
from members import (
    api,
    coming_up,
    contacts_again,
    erasing,
    importing,
    joining_pages,
    operations,
    organisation_pages,
    pages,
    profile_pages,
    register,
    role_grants,
    role_records,
    sign_in_pages,
    signing_in,
    strategy,
    strategy_pages,
    withdrawing,
)
from members.monitoring import api as monitoring
from members.monitoring import pages as monitoring_pages
from members.monitoring.sealing import Vault
from members.provider import Provider
from members.settings import Settings
from members.statistics import api as statistics
from members.statistics import pages as statistics_pages

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
    imports = Timer("imports", importing.work_off)
    mergers = Timer("mergers", register.carry_out)
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
            organisation_pages.router,
            strategy.router,
            strategy_pages.router,
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
            Timer("commitments", strategy.tell_overdue),
            Timer("contacts", partial(withdrawing.say_again, hours=settings.contacts_again_hours)),
        ],
        senders=[],
        pages=create_pages("members", Path(__file__).parent / "templates"),
        limits=Limits(uploads=[importing.UPLOADS, RENEW]),
    )
    app.state.imports = imports
    app.state.mergers = mergers
    secret = settings.oidc_client_secret.get_secret_value()
    app.state.provider = Provider(settings.oidc_issuer, settings.oidc_client_id, secret)
    app.state.vault = Vault.load(settings.monitoring_key)
    app.state.signing_key = signing_in.signing_key(settings)
    return app


if __name__ == "__main__":
    commands.main(Settings, create, name="members", package=__file__, newest=contacts_again.newest)
