"""A member takes a token, and whoever holds it answers. No row, no log line and no stream leads from one to the other.

So these two take no Idempotency-Key: what is kept for one has the instant, the account and what was sent in it.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis.database import Transaction
from chassis.days import day_in_london
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from contracts.base import Code
from contracts.refusal import FieldError, Invalid
from members.feedback import ballot_store, domain, secrecy, store
from members.feedback.api import MOST_GROUPS, there
from members.feedback.domain import NotAMember, Rating, RoundClosed, TokenTaken, TokenUsed
from members.membership import store as member_store

router = APIRouter(prefix="/api/members/v1", tags=["feedback"], route_class=RetryingRoute)

LONGEST: Final = 1000  # letters of a comment


class TokenView(BaseModel):
    token: Annotated[str, Field(description="Shown this once, and kept nowhere")]


class AnswerForm(BaseModel):
    """`groups` are those of the round to which somebody says that they belong: none, some or all."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    rating: Rating
    groups: Annotated[list[Code], Field(max_length=MOST_GROUPS)] = []
    comment: Annotated[str, StringConstraints(max_length=LONGEST), LINES] | None = None


@router.post("/feedback-rounds/{round_id}/tokens", status_code=201)
async def take(round_id: UUID, request: Request, database: Db, caller: SignedIn) -> TokenView:
    """The one token that a member has for a round. That they had one is kept until the round closes."""
    permit(caller, "member")
    key = key_of(request)
    async with database.transaction() as tx:
        its = there(await store.keep_from_closing(tx, round_id))
        if not its.is_open(day_in_london(tx.now)):
            raise RoundClosed
        member = await member_store.stays(tx, caller.member_id) if caller.member_id else None  # an erasure waits
        if member is None or member.left_on is not None:
            raise NotAMember
        if not await ballot_store.take(tx, round_id, secrecy.mark(key, round_id, member.member_id)):
            raise TokenTaken
    return TokenView(token=secrecy.mint(key, round_id))


@router.post("/feedback-rounds/{round_id}/answers", status_code=204)
async def give(round_id: UUID, form: AnswerForm, request: Request, database: Db) -> None:
    """Answer, with a token alone: who is signed in does not matter, and is not looked at."""
    key = key_of(request)
    async with database.transaction() as tx:
        its = there(await store.keep_from_closing(tx, round_id))
        if not its.is_open(day_in_london(tx.now)):
            raise RoundClosed
        token_hash = secrecy.spent(key, round_id, form.token)
        if token_hash is None:
            raise Invalid(
                FieldError("token", "Enter the token as the page of this question showed it, all 32 letters and digits")
            )
        given = domain.give(its, rating=form.rating, groups=form.groups, comment=form.comment)
        if not await ballot_store.spend(tx, round_id, token_hash):
            raise TokenUsed
        await ballot_store.put_in(tx, round_id, secrecy.seal(key, round_id, given))


async def forget_tokens(tx: Transaction, member_id: UUID, key: bytes) -> None:
    """That a member had tokens, when they leave or are erased; their row is held. What they answered stays."""
    rounds = await ballot_store.open_rounds(tx)
    await ballot_store.forget(tx, [secrecy.mark(key, round_id, member_id) for round_id in rounds])


def key_of(request: Request) -> bytes:
    secret: str = request.app.state.settings.feedback_key.get_secret_value()
    return secret.encode()
