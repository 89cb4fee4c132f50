"""Events: what we celebrate. This is its table of contents."""

from pathlib import Path

from fastapi import FastAPI

from chassis import commands, copies, service
from chassis.subscription import Subscription
from chassis.timers import Timer
from chassis.web import create_pages
from contracts.erasure import MemberErased, MemberErasureRequested
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from events import api, copy_store, erasing, hosted_events, key_dates, pages, planned_pages, reactions
from events.settings import Settings

MEMBERS = Subscription(
    "gse.members",
    {
        MemberGradeChanged: reactions.follow_grade,
        MemberTransferred: reactions.follow_transfer,
        MemberLeft: reactions.let_go,
        MemberErasureRequested: erasing.erase,
        MemberErased: erasing.sweep,
    },
    in_sets={MemberJoined: reactions.keep_invitees},
)


def create(settings: Settings) -> FastAPI:
    return service.create(
        settings,
        name="events",
        package=__file__,
        routers=[
            api.router,
            key_dates.router,
            hosted_events.router,
            pages.router,
            planned_pages.router,
            copies.routes("events", copy_store.HOLDINGS),
        ],
        subscriptions=[MEMBERS],
        timers=[Timer("calendar", key_dates.roll)],
        pages=create_pages("events", Path(__file__).parent / "templates"),
    )


if __name__ == "__main__":
    commands.main(Settings, create, name="events", package=__file__)
