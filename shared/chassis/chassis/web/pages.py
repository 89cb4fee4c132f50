"""Templates of a service on the chassis's layout and the GOV.UK components."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from chassis.browsing import sign_in_address, way_back
from chassis.idempotency import new_form_key
from chassis.identity import whoever
from chassis.problems import Problem
from chassis.web import times
from chassis.web.assets import asset
from chassis.web.charts import COLOURS
from chassis.web.forms import error_on
from chassis.web.site import SITE, Site

OWN = Path(__file__).parent / "templates"


def create_pages(service: str, templates: Path | None = None, *, site: Site = SITE) -> Environment:
    """The environment of one service's templates, if it has any. They say `{% extends "layout.html" %}`.

    Filters: `moment`, `day`, `date`, `time_of_day`, `on` (the error on a field). Globals: `site`, `service`, `asset`.
    """
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    pages = Environment(
        # Ours come first, so that there is one layout and no service shadows it by accident.
        loader=ChoiceLoader([FileSystemLoader([OWN, templates] if templates else [OWN]), govuk]),
        autoescape=True,
        undefined=ChainableUndefined,  # the components read parameters that were not given
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(site=site, service=service, asset=asset, chart_colours=COLOURS, new_form_key=new_form_key)
    pages.filters.update(
        moment=times.moment, day=times.day, date=times.date, time_of_day=times.time_of_day, on=error_on
    )
    return pages


def render(
    request: Request,
    template: str,
    /,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page. With `errors` in the context it says so in its title and summary, and its status is 422.

    With a `refusal` it is 409.
    """
    if status is None:
        status = 422 if context.get("errors") else 409 if context.get("refusal") else 200
    state = request.scope.get("state", {})
    pages: Environment = request.app.state.pages
    caller = whoever(request)
    back_to = way_back(request) if request.method == "GET" else "/"
    html = pages.get_template(template).render(
        context,
        cspNonce=state.get("csp_nonce"),
        here=request.url.path,
        caller=caller,
        csrf_value=caller.csrf if caller else None,  # macros cannot say `caller`, which means another thing there
        sign_in_address=sign_in_address(back_to),
    )
    answer = HTMLResponse(html, status, headers=headers)
    if caller is not None:
        answer.headers["Cache-Control"] = "no-store"  # whatever the page says for strangers: this copy is somebody's
    return answer


def error_page(request: Request, problem: Problem) -> HTMLResponse:
    """The page for a request that came to nothing: what happened, and what to do now."""
    is_form = request.method != "GET"
    return render(request, "error.html", status=problem.status, problem=problem, is_form=is_form)
