"""Every page of the site: for the pictures, and for the tests that look at each. A new page is a line here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Page

PHONE: Final = 390
DESKTOP: Final = 1280
HEIGHTS: Final[Mapping[int, int]] = {PHONE: 844, DESKTOP: 900}

APPLICANT: Final = {
    "name": "Rowan Achebe",
    "email": "rowan.achebe@ukhsa.example",
    "organisation": "UKHSA",
    "grade": "HEO",
    "interests": "epidemiology\nbotany",
    "skills": "data science",
}


@dataclass(frozen=True)
class SitePage:
    """A page as one person opens it.

    `address` may hold `{event}`, `{scheme}` and `{commitment}`, ids of a published event, an open scheme and a
    commitment that is not kept. `persona` is who opens it, None: anyone; the form to enrol is opened by one whom the
    demo does not enrol. With `answers` the form on it is filled in by field names and sent, and the page is what comes
    then. `status` is what the page is answered with.
    """

    name: str
    address: str
    persona: str | None = None
    answers: Mapping[str, str] | None = field(default=None, hash=False)
    status: int = 200


SITE_PAGES: Final = (
    SitePage("home", "/"),
    SitePage("join", "/join"),
    SitePage("join-mistakes", "/join", answers={"name": "Rowan Achebe", "email": "rowan"}, status=422),
    SitePage("join-check", "/join", answers=APPLICANT),
    SitePage("join-done", "/join/done"),
    SitePage("privacy", "/privacy"),
    SitePage("cookies", "/cookies"),
    SitePage("accessibility", "/accessibility"),
    SitePage("not-found", "/there-is-no-such-page", status=404),
    SitePage("sign-out", "/sign-out", "member"),
    SitePage("signed-out", "/sign-out"),
    SitePage("not-allowed", "/mentoring/schemes/new", "member", status=403),
    SitePage("profile", "/members/profile", "member"),
    SitePage("profile-changed", "/members/profile?changed=grade", "member"),
    SitePage("profile-contact", "/members/profile/contact", "member"),
    SitePage("profile-grade", "/members/profile/grade", "member"),
    SitePage("profile-organisation", "/members/profile/organisation", "member"),
    SitePage("profile-mistakes", "/members/profile/organisation", "member", answers={"organisation": ""}, status=422),
    SitePage("profile-leave", "/members/profile/leave", "member"),
    SitePage("left", "/members/profile/left"),
    SitePage("profile-erase", "/members/profile/erase", "member"),
    SitePage("erased", "/members/profile/erased"),
    SitePage("monitoring", "/members/monitoring", "member"),
    SitePage("monitoring-done", "/members/monitoring?done=answered", "member"),
    SitePage("monitoring-delete", "/members/monitoring/delete", "member"),
    SitePage("figures", "/members/figures"),
    SitePage("figures-release", "/members/figures/release", "team"),
    SitePage("strategy", "/members/strategy"),
    SitePage("commitment", "/members/strategy/commitments/{commitment}"),
    SitePage("commitment-team", "/members/strategy/commitments/{commitment}", "team"),
    SitePage("commitment-progress", "/members/strategy/commitments/{commitment}/progress", "team"),
    SitePage(
        "commitment-mistakes",
        "/members/strategy/commitments/{commitment}/progress",
        "team",
        answers={"percent": "many"},
        status=422,
    ),
    SitePage("commitment-completion", "/members/strategy/commitments/{commitment}/completion", "team"),
    SitePage("organisations", "/members/organisations"),
    SitePage("organisations-team", "/members/organisations?done=registered", "team"),
    SitePage("organisation-new", "/members/organisations/new", "team"),
    SitePage("organisation-mistakes", "/members/organisations/new", "team", {"opened_on-day": "42"}, status=422),
    SitePage("organisation-merger", "/members/organisations/HMRC/merger", "team"),
    SitePage("merger-mistakes", "/members/organisations/HMRC/merger", "team", {"on-day": "42"}, status=422),
    SitePage("roles", "/members/roles", "team"),
    SitePage("roles-mistakes", "/members/roles", "team", {"member": "Rowan"}, status=422),
    SitePage("mentoring", "/mentoring"),
    SitePage("mentoring-member", "/mentoring", "member"),
    SitePage("mentoring-lead", "/mentoring", "scheme-lead"),
    SitePage("mentoring-enrol", "/mentoring/schemes/{scheme}/enrol", "hosep"),
    SitePage("mentoring-mistakes", "/mentoring/schemes/{scheme}/enrol", "hosep", answers={}, status=422),
    SitePage("mentoring-withdraw", "/mentoring/schemes/{scheme}/withdraw", "member"),
    SitePage("mentoring-new", "/mentoring/schemes/new", "scheme-lead"),
    SitePage("mentoring-new-mistakes", "/mentoring/schemes/new", "scheme-lead", {"opens_on-day": "42"}, status=422),
    SitePage("mentoring-matching", "/mentoring/schemes/{scheme}/matching", "scheme-lead"),
    SitePage("calendar", "/events/calendar"),
    SitePage("event", "/events/{event}"),
    SitePage("event-member", "/events/{event}", "member"),
    SitePage("my", "/my", "member"),
    SitePage("inbox", "/notifications/inbox", "member"),
    SitePage("sent", "/notifications/sent", "team"),
    SitePage("sent-chosen", "/notifications/sent?type=EventPublished", "team"),
    SitePage("operations", "/operations", "operator"),
    SitePage("operations-members", "/members/operations", "operator"),
)


async def visit(page: Page, front_door: str, its: SitePage, known: Mapping[str, str]) -> int:
    """Open a page of the site in a browser; gives its status.

    Raises KeyError where an id that its address needs is not `known`.
    """
    answer = await page.goto(front_door + its.address.format_map(known))
    if its.answers is not None:
        await page.evaluate(
            """answers => {
              for (const [name, value] of Object.entries(answers))
                document.querySelector(`main [name="${name}"]`).value = value
            }""",
            dict(its.answers),
        )
        async with page.expect_navigation() as sent:
            await page.locator("main form button").first.click()
        answer = await sent.value
    return answer.status if answer else 0


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen: a person would have to scroll sideways."""
    found: int = await page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")
    return found
