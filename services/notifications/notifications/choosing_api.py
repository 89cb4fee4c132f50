"""What a member chose to hear, and when, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Response
from pydantic import BaseModel, Field

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.notifications import NoticeCategory
from notifications import choosing, preferences, recipient_store
from notifications.choosing import NoPreferences, PreferencesChanged, PreferencesNotReady
from notifications.deciding import LONDON, Frequency
from notifications.domain import RecipientState
from notifications.preferences import Preferences, When

router = APIRouter(prefix="/api/notifications/v1", tags=["notifications"], route_class=RetryingRoute)

TimeOfDay = Annotated[str | None, Field(max_length=5, description="Such as 20:00; with `quiet` alone")]
CHANGED = 412  # RFC 9110: a precondition failed


class Wanted(BaseModel):
    """How often mail of a category may come, and whether what is told is kept in the inbox."""

    email: Frequency
    inbox: bool


class PreferencesForm(BaseModel):
    membership: Wanted
    mentoring: Wanted
    events: Wanted
    opportunities: Annotated[Wanted | None, Field(description="Left out: as it was")] = None
    work: Wanted
    when: Annotated[When, Field(description="`working`: Monday to Friday, 9 to 5. `quiet`: not between two times")]
    quiet_from: TimeOfDay = None
    quiet_to: TimeOfDay = None
    time_zone: Annotated[str, Field(max_length=64, description="Such as Europe/London")] = LONDON

    def checked(self) -> Preferences:
        """Raises `Invalid`."""
        wanted = {its: each for its in NoticeCategory if (each := getattr(self, its)) is not None}
        form: dict[str, str | list[str]] = {
            **{its: each.email for its, each in wanted.items()},
            "inbox": [its for its, each in wanted.items() if each.inbox],
            "when": self.when,
            "quiet_from": self.quiet_from or "",
            "quiet_to": self.quiet_to or "",
            "time_zone": self.time_zone,
        }
        return preferences.checked(form, tuple(wanted))


@router.get("/members/{member_id}/preferences")
async def show(member_id: UUID, response: Response, database: Db, caller: SignedIn) -> PreferencesForm:
    """What a member chose; for themselves and the team."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        recipient = await recipient_store.recipient_of(tx, member_id)
        erased = await recipient_store.is_erased(tx, member_id)
        its = await choosing.preferences_of(tx, member_id)
    if recipient is None or recipient.state is RecipientState.EXPECTED:
        raise PreferencesNotReady if caller.member_id == member_id and not erased else NoPreferences
    if recipient.state is RecipientState.LEFT:
        raise NoPreferences
    return _view(its, response)


@router.put("/members/{member_id}/preferences")
async def change(
    *,
    member_id: UUID,
    form: PreferencesForm,
    response: Response,
    database: Db,
    caller: SignedIn,
    if_match: Annotated[str | None, Header(description="The `ETag` of what was read: refuses what is older")] = None,
) -> PreferencesForm:
    """All that the member wants from now on. What waits for a digest is looked at anew."""
    permit(caller, owner=member_id)
    wanted = form.checked()
    try:
        async with database.transaction() as tx:
            its = await choosing.choose(tx, member_id, wanted, if_match=if_match)
    except PreferencesChanged as refused:
        raise HTTPException(CHANGED, refused.sentence) from refused
    return _view(its, response)


def _view(its: Preferences, response: Response) -> PreferencesForm:
    response.headers["ETag"] = choosing.tag_of(its)
    form = preferences.as_form(its)
    wanted = {category: Wanted(email=choice.email, inbox=choice.inbox) for category, choice in its.choices.items()}
    return PreferencesForm.model_validate(form | wanted)
