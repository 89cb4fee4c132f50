"""Events: what we celebrate. This is its table of contents."""

from fastapi import FastAPI

from chassis import service
from chassis.subscription import Subscription
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from events import api, reactions
from events.settings import Settings

MEMBERS = Subscription(
    "gse.members",
    {
        MemberJoined: reactions.keep_invitee,
        MemberGradeChanged: reactions.follow_grade,
        MemberTransferred: reactions.follow_transfer,
        MemberLeft: reactions.let_go,
    },
)


def create(settings: Settings) -> FastAPI:
    return service.create(settings, name="events", package=__file__, routers=[api.router], subscriptions=[MEMBERS])


if __name__ == "__main__":
    service.main(Settings, create, name="events", package=__file__)
