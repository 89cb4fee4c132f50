"""The table of contents of members: who we are, how we move, who signs in."""

from pathlib import Path

from fastapi import FastAPI

from chassis import service
from chassis.limits import Limits
from chassis.timers import Timer
from chassis.web import create_pages
from members import api, importing, pages, signing_in
from members.provider import Provider
from members.settings import Settings


def create(settings: Settings) -> FastAPI:
    imports = Timer("imports", importing.work_off)
    app = service.create(
        settings,
        name="members",
        package=__file__,
        routers=[api.router, importing.router, signing_in.router, pages.router],
        subscriptions=[],
        timers=[imports],
        senders=[],
        pages=create_pages("members", Path(__file__).parent / "templates"),
        limits=Limits(uploads=[importing.UPLOADS]),
    )
    app.state.imports = imports
    app.state.provider = Provider(settings.oidc_issuer, settings.oidc_client_id)
    app.state.signing_key = signing_in.signing_key(settings)
    return app


if __name__ == "__main__":
    service.main(Settings, create, name="members", package=__file__)
