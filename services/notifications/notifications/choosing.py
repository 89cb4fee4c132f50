"""A member chooses what they hear, and when, or ends mail of a kind; said once it is so, and only when it changed."""

import hashlib
import json
from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from contracts.notifications import MemberPreferencesChanged, NoticeCategory
from contracts.refusal import NotFound, NotYetKnown, Refused
from notifications import choosing_store, preferences, reactions
from notifications.deciding import Choice
from notifications.domain import RecipientState
from notifications.preferences import Preferences


class NoPreferences(NotFound):
    """Nobody with this id is a member here."""


class PreferencesNotReady(NotYetKnown):
    """The caller is a member whose joining has not arrived here."""

    def __init__(self) -> None:
        super().__init__("Your preferences are being made. Try again in a moment.")


class PreferencesChanged(Refused):
    """Somebody chose anew since the caller looked. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("The preferences have changed since you read them. Read them again.")


async def preferences_of(tx: Transaction, member_id: UUID) -> Preferences:
    return Preferences(await choosing_store.choices_of(tx, member_id), await choosing_store.hours_of(tx, member_id))


def tag_of(its: Preferences) -> str:
    """An entity tag: another one whenever anything else is chosen."""
    form = json.dumps(preferences.as_form(its), sort_keys=True)
    return f'"{hashlib.sha256(form.encode()).hexdigest()[:16]}"'


async def choose(tx: Transaction, member_id: UUID, wanted: Preferences, *, if_match: str | None = None) -> Preferences:
    """What the member wants from now on. Gives all of it.

    Raises `NoPreferences` for who has left, `PreferencesNotReady`, and `PreferencesChanged` where `if_match` names
    another state than the present one.
    """
    recipient = await reactions.held(tx, member_id)
    if recipient.state is RecipientState.LEFT:
        raise NoPreferences
    if recipient.state is RecipientState.EXPECTED:
        raise PreferencesNotReady
    before = await preferences_of(tx, member_id)
    if if_match is not None and not {"*", tag_of(before)} & {its.strip() for its in if_match.split(",")}:
        raise PreferencesChanged
    return await _change(tx, member_id, before, wanted)


async def unsubscribe(tx: Transaction, token: UUID, category: str) -> dict[NoticeCategory, Choice] | None:
    """Whoever has the token ends mail of this category; gives all that is chosen then.

    None where nobody has such a token any more. The same again changes nothing. Raises ValueError for no category.
    """
    member_id = await choosing_store.who_unsubscribes(tx, token)
    if member_id is None or (await reactions.held(tx, member_id)).state is RecipientState.LEFT:
        return None
    before = await preferences_of(tx, member_id)
    ended = preferences.without_mail(before.choices, category)
    after = await _change(tx, member_id, before, Preferences(ended, before.hours))
    return dict(after.choices)


async def _change(tx: Transaction, member_id: UUID, before: Preferences, wanted: Preferences) -> Preferences:
    """The caller holds the member."""
    after = Preferences({**before.choices, **wanted.choices}, wanted.hours)
    if after != before:
        changed = {its: choice for its, choice in after.choices.items() if choice != before.choices[its]}
        await choosing_store.save(tx, member_id, changed, after.hours if after.hours != before.hours else None)
        await choosing_store.release(tx, member_id)
        await outbox.put(tx, MemberPreferencesChanged(member_id=member_id))
    return after
