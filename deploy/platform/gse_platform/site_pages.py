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

    `address` may hold, in braces, the names of `site_ids.SOURCES`, and `import`, `token` (the key with which a mail is
    unsubscribed from) and `proposal` (an event that is not signed off), which no list tells. `persona` is who opens it,
    None: anyone; the form to enrol is opened by one whom the demo does not enrol. With `answers` the form with the
    first of these fields is filled in and sent (with no answers: the first form), and the page is what comes then.
    `status` is what the page is answered with.
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
    SitePage("join-verified", "/join/verified"),
    SitePage("join-verify-again", "/join/verify-again"),
    SitePage("join-no-such-link", "/join/verify/mistyped/link", status=404),
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
    SitePage("profile-contact-mistakes", "/members/profile/contact", "member", {"name": "", "email": "x"}, status=422),
    SitePage("profile-topics", "/members/profile/topics", "member"),
    SitePage("profile-topics-mistakes", "/members/profile/topics", "member", {"own_interests": "x" * 101}, status=422),
    SitePage("profile-grade", "/members/profile/grade", "member"),
    SitePage("profile-grade-mistakes", "/members/profile/grade", "member", {"grade": ""}, status=422),
    SitePage("profile-organisation", "/members/profile/organisation", "member"),
    SitePage("profile-mistakes", "/members/profile/organisation", "member", answers={"organisation": ""}, status=422),
    SitePage("profile-leave", "/members/profile/leave", "member"),
    SitePage("left", "/members/profile/left"),
    SitePage("profile-erase", "/members/profile/erase", "member"),
    SitePage("erased", "/members/profile/erased"),
    SitePage("restriction", "/members/profile/restriction", "member"),
    SitePage("changes", "/members/profile/changes", "member"),
    SitePage("erasures", "/members/erasures", "team"),
    SitePage("copy", "/members/profile/copy", "member"),
    SitePage("copy-part", "/notifications/my/copy", "member"),
    SitePage("monitoring", "/members/monitoring", "member"),
    SitePage("monitoring-done", "/members/monitoring?done=answered", "member"),
    SitePage("monitoring-delete", "/members/monitoring/delete", "member"),
    SitePage("figures", "/members/figures"),
    SitePage("figures-period", "/members/figures/{period}", "team"),
    SitePage("figures-characteristic", "/members/figures/{period}/sex"),
    SitePage("figures-none", "/members/figures/2001-Q1", status=404),
    SitePage("figures-release", "/members/figures/release", "team"),
    SitePage("strategy", "/members/strategy"),
    SitePage("strategy-team", "/members/strategy?done=published", "team"),
    SitePage("strategy-new", "/members/strategy/new", "team"),
    SitePage("strategy-mistakes", "/members/strategy/new", "team", {"themes.0.goals.0.title": ""}, status=422),
    SitePage("strategy-check", "/members/strategy/new", "team", {"title": "The next plan"}),
    SitePage("strategy-versions", "/members/strategy/versions"),
    SitePage("strategy-version", "/members/strategy/versions/1"),
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
    SitePage("feedback", "/members/feedback"),
    SitePage("feedback-team", "/members/feedback", "team"),
    SitePage("feedback-question", "/members/feedback/{question}"),
    SitePage("feedback-question-member", "/members/feedback/{question}", "member"),
    SitePage("feedback-token", "/members/feedback/{question}", "scheme-lead", answers={}),
    SitePage("feedback-closed", "/members/feedback/{closed}", "team"),
    SitePage("feedback-heard", "/members/feedback/{heard}"),
    SitePage("feedback-answer", "/members/feedback/{question}/answer"),
    SitePage("feedback-mistakes", "/members/feedback/{question}/answer", answers={"token": "abcd"}, status=422),
    SitePage("feedback-over", "/members/feedback/{closed}/answer"),
    SitePage("feedback-thanks", "/members/feedback/{question}/thanks"),
    SitePage("feedback-new", "/members/feedback/new?commitment={commitment}", "team"),
    SitePage("feedback-new-mistakes", "/members/feedback/new", "team", {"closes_on-day": "42"}, status=422),
    SitePage("feedback-comments", "/members/feedback/{closed}/comments", "team"),
    SitePage("feedback-summary", "/members/feedback/{closed}/summary", "team"),
    SitePage("feedback-summary-mistakes", "/members/feedback/{closed}/summary", "team", {"summary": ""}, status=422),
    SitePage("feedback-response", "/members/feedback/{summed}/response", "team"),
    SitePage("feedback-response-mistakes", "/members/feedback/{summed}/response", "team", {"you_said": ""}, status=422),
    SitePage("organisations", "/members/organisations"),
    SitePage("organisations-team", "/members/organisations?done=registered", "team"),
    SitePage("organisation-new", "/members/organisations/new", "team"),
    SitePage("organisation-mistakes", "/members/organisations/new", "team", {"opened_on-day": "42"}, status=422),
    SitePage("organisation-merger", "/members/organisations/HMRC/merger", "team"),
    SitePage("merger-mistakes", "/members/organisations/HMRC/merger", "team", {"on-day": "42"}, status=422),
    SitePage("organisation-head", "/members/organisation", "hosep"),
    SitePage("organisation-all", "/members/organisation", "team"),
    SitePage("organisation-unknown", "/members/organisation?organisation=Narnia", "team", status=422),
    SitePage("imports", "/members/imports", "team"),
    SitePage("imports-mistakes", "/members/imports", "team", answers={}, status=422),
    SitePage("import", "/members/imports/{import}", "team"),
    SitePage("people", "/members/people", "team"),
    SitePage("people-head", "/members/people", "hosep"),
    SitePage("people-found", "/members/people", "team", {"text": "a", "grade": "HEO"}),
    SitePage("person", "/members/people/{member}?done=given", "team"),
    SitePage("person-contact", "/members/people/{member}/contact", "team"),
    SitePage("person-mistakes", "/members/people/{member}/contact", "team", {"name": "", "email": "x"}, status=422),
    SitePage("person-grade", "/members/people/{member}/grade", "team"),
    SitePage("person-organisation", "/members/people/{member}/organisation", "team"),
    SitePage("person-restriction", "/members/people/{member}/restriction", "team"),
    SitePage("person-departure", "/members/people/{member}/departure", "team"),
    SitePage("person-erasure", "/members/people/{member}/erasure", "team"),
    SitePage("person-changes", "/members/people/{member}/changes", "team"),
    SitePage("person-roles", "/members/people/{member}/roles", "team"),
    SitePage("person-roles-mistakes", "/members/people/{member}/roles", "team", answers={}, status=422),
    SitePage("duplicates", "/members/people/duplicates", "team"),
    SitePage("duplicates-decided", "/members/people/duplicates/decided", "team"),
    SitePage("pair", "/members/people/duplicates/{pair}", "team"),
    SitePage("pair-mistakes", "/members/people/duplicates/{pair}", "team", answers={}, status=422),
    SitePage("opportunities", "/members/opportunities"),
    SitePage("opportunity", "/members/opportunities/{opportunity}", "member"),
    SitePage("opportunity-apply", "/members/opportunities/{programme}", "scheme-lead"),
    SitePage(
        "apply-mistakes", "/members/opportunities/{programme}", "scheme-lead", {"statement": "x" * 1001}, status=422
    ),
    SitePage("withdrawal", "/members/opportunities/{opportunity}/withdrawal", "member"),
    SitePage("place-given-up", "/members/opportunities/{draw}/withdrawal", "member"),
    SitePage("opportunity-found", "/members/opportunities/{found}"),
    SitePage("opportunity-team", "/members/opportunities/{opportunity}", "team"),
    SitePage("opportunity-applicants", "/members/opportunities/{opportunity}/applicants", "team"),
    SitePage("choice", "/members/opportunities/{choice}/applicants", "team"),
    SitePage("choice-mistakes", "/members/opportunities/{choice}/applicants", "team", answers={}, status=422),
    SitePage("holding", "/members/opportunities/{draw}/holding", "team"),
    SitePage("holding-mistakes", "/members/opportunities/{draw}/holding", "team", {"held_on-day": "42"}, status=422),
    SitePage("findings", "/members/opportunities/{held}/findings", "team"),
    SitePage("findings-mistakes", "/members/opportunities/{held}/findings", "team", {"title": ""}, status=422),
    SitePage("opportunity-new", "/members/opportunities/new", "team"),
    SitePage("opportunity-mistakes", "/members/opportunities/new", "team", {"capacity": "many"}, status=422),
    SitePage("shadow-board", "/members/opportunities/shadow-board"),
    SitePage("shadow-board-team", "/members/opportunities/shadow-board?done=opened", "team"),
    SitePage("seat-new", "/members/opportunities/shadow-board/seats/new", "team"),
    SitePage("seat-mistakes", "/members/opportunities/shadow-board/seats/new", "team", {"title": ""}, status=422),
    SitePage("appointment", "/members/opportunities/shadow-board/seats/{seat}/appointment", "team"),
    SitePage("term-ending", "/members/opportunities/shadow-board/terms/{term}/ending", "team"),
    SitePage(
        "appointment-mistakes",
        "/members/opportunities/shadow-board/seats/{seat}/appointment",
        "team",
        answers={"ends_on-day": "42"},
        status=422,
    ),
    SitePage("advice-new", "/members/opportunities/shadow-board/advice/new", "member"),
    SitePage("advice", "/members/opportunities/shadow-board/advice/{advice}", "team"),
    SitePage(
        "answer-mistakes", "/members/opportunities/shadow-board/advice/{advice}", "team", {"answer": ""}, status=422
    ),
    SitePage("advice-answered", "/members/opportunities/shadow-board/advice/{answer}"),
    SitePage("advice-mistakes", "/members/opportunities/shadow-board/advice/new", "member", {"title": ""}, status=422),
    SitePage("draw", "/members/opportunities/{draw}/draw"),
    SitePage("roles", "/members/roles", "team"),
    SitePage("roles-mistakes", "/members/roles", "team", {"member": "Rowan"}, status=422),
    SitePage("groups", "/members/groups", "member"),
    SitePage("groups-team", "/members/groups", "team"),
    SitePage("groups-over", "/members/groups?show=over", "member"),
    SitePage("groups-own", "/members/groups?show=own", "volunteer"),
    SitePage("groups-late", "/members/groups?show=late", "team"),
    SitePage("champions-vacant", "/members/groups/champions?vacant=true", "member"),
    SitePage("group-new", "/members/groups/new", "team"),
    SitePage("group-mistakes", "/members/groups/new", "team", answers={"title": ""}, status=422),
    SitePage("task-group-new", "/members/groups/task/new", "team"),
    SitePage("task-group-mistakes", "/members/groups/task/new", "team", {"ends_on-day": "42"}, status=422),
    SitePage("group", "/members/groups/{group}", "member"),
    SitePage("group-team", "/members/groups/{group}?done=delivered", "team"),
    SitePage("group-join", "/members/groups/{group}/join", "member"),
    SitePage("join-group-mistakes", "/members/groups/{group}/join", "member", {"hours_per_month": "all"}, status=422),
    SitePage("group-extend", "/members/groups/{group}/extend", "team"),
    SitePage("extend-mistakes", "/members/groups/{group}/extend", "team", {"ends_on-day": "42"}, status=422),
    SitePage("group-disband", "/members/groups/{group}/disband", "team"),
    SitePage("disband-mistakes", "/members/groups/{group}/disband", "team", {"reason": ""}, status=422),
    SitePage("group-extensions", "/members/groups/{group}/extensions", "team"),
    SitePage("meetings", "/members/groups/{group}/meetings", "member"),
    SitePage("meeting", "/members/groups/{group}/meetings/{meeting}", "team"),
    SitePage("meeting-new", "/members/groups/{group}/meetings/new", "team"),
    SitePage("meeting-mistakes", "/members/groups/{group}/meetings/new", "team", {"on-day": "42"}, status=422),
    SitePage("meeting-move", "/members/groups/{group}/meetings/{meeting}/move", "team"),
    SitePage("meeting-cancel", "/members/groups/{group}/meetings/{meeting}/cancel", "team"),
    SitePage("meeting-agenda", "/members/groups/{group}/meetings/{meeting}/agenda", "team"),
    SitePage("agenda-mistakes", "/members/groups/{group}/meetings/{meeting}/agenda", "team", {"text": ""}, status=422),
    SitePage("meeting-notes", "/members/groups/{group}/meetings/{meeting}/notes", "team"),
    SitePage("champions", "/members/groups/champions", "member"),
    SitePage("champions-theme", "/members/groups/champions/{theme}", "member"),
    SitePage("champions-team", "/members/groups/champions/{theme}", "team"),
    SitePage("champions-terms", "/members/groups/champions/{theme}/terms", "team"),
    SitePage("champions-new", "/members/groups/champions/new", "team"),
    SitePage("appoint-mistakes", "/members/groups/champions/{theme}", "team", {"member_id": "Rowan"}, status=422),
    SitePage("champions-mistakes", "/members/groups/champions/new", "team", answers={"title": ""}, status=422),
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
    SitePage("event-proposed", "/events/{proposal}", "team"),
    SitePage("my", "/my", "member"),
    SitePage("get-involved", "/get-involved"),
    SitePage("get-involved-member", "/get-involved", "member"),
    SitePage("inbox", "/notifications/inbox", "member"),
    SitePage("notice", "/notifications/inbox/{notice}", "member"),
    SitePage("preferences", "/notifications/preferences", "member"),
    SitePage("preferences-changed", "/notifications/preferences?changed=yes", "member"),
    SitePage("preferences-mistakes", "/notifications/preferences", "member", answers={"time_zone": ""}, status=422),
    SitePage("unsubscribe", "/notifications/unsubscribe/{token}/events"),
    SitePage("unsubscribe-no-link", "/notifications/unsubscribe/nobody/events", status=404),
    SitePage("sent", "/notifications/sent", "team"),
    SitePage("sent-chosen", "/notifications/sent?type=EventPublished", "team"),
    SitePage("sent-event", "/notifications/sent/{occasion}", "team"),
    SitePage("sent-again", "/notifications/sent/{occasion}/again?state=failed", "team"),
    SitePage("templates", "/notifications/templates", "team"),
    SitePage("template", "/notifications/templates/invitation", "team"),
    SitePage("template-before", "/notifications/templates/welcome?version=1", "team"),
    SitePage("template-html", "/notifications/templates/digest/html", "team"),
    SitePage("operations", "/operations", "operator"),
    SitePage("operations-members", "/members/operations", "operator"),
)


async def visit(page: Page, front_door: str, its: SitePage, known: Mapping[str, str]) -> int:
    """Open a page of the site in a browser; gives its status.

    Raises KeyError where an id that its address needs is not `known`, and where there is no such form to send.
    """
    answer = await page.goto(front_door + its.address.format_map(known))
    if its.answers is not None:
        holding = "".join(f':has([name="{name}"])' for name in list(its.answers)[:1])
        form = page.locator(f"main form{holding}").first
        if not await form.count():
            raise KeyError("form to send")
        await form.evaluate(
            """(form, answers) => {
              for (const [name, value] of Object.entries(answers)) form.querySelector(`[name="${name}"]`).value = value
            }""",
            dict(its.answers),
        )
        async with page.expect_navigation() as sent:
            await form.locator("button").first.click()
        answer = await sent.value
    return answer.status if answer else 0


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen: a person would have to scroll sideways."""
    found: int = await page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")
    return found
