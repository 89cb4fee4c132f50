"""Mentoring: who helps whom forward. This is its table of contents."""

from pathlib import Path

from fastapi import FastAPI

from chassis import commands, copies, service
from chassis.subscription import Subscription
from chassis.timers import Timer
from chassis.web import create_pages
from contracts.erasure import MemberErased, MemberErasureRequested, MemberProcessingRestricted
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import api, copy_store, erasing, leading_pages, match_runs, pages, reactions, schemes
from mentoring.settings import Settings

MEMBERS = Subscription(
    "gse.members",
    {
        MemberGradeChanged: reactions.follow_grade,
        MemberTransferred: reactions.follow_transfer,
        MemberLeft: reactions.close_profile,
        MemberProcessingRestricted: reactions.restrict,
        MemberErasureRequested: erasing.erase,
        MemberErased: erasing.sweep,
    },
    in_sets={MemberJoined: reactions.open_profiles},
)


def create(settings: Settings) -> FastAPI:
    return service.create(
        settings,
        name="mentoring",
        package=__file__,
        routers=[
            api.router,
            schemes.router,
            match_runs.router,
            pages.router,
            leading_pages.router,
            copies.routes("mentoring", copy_store.HOLDINGS),
        ],
        subscriptions=[MEMBERS],
        timers=[Timer("schemes", schemes.open_due)],
        pages=create_pages("mentoring", Path(__file__).parent / "templates"),
    )


if __name__ == "__main__":
    commands.main(Settings, create, name="mentoring", package=__file__)
