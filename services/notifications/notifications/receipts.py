"""What comes back: Notify's delivery receipts, and bounces from the pipe of our mail server."""

import hmac
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from chassis.identity import SignedIn, Unauthenticated, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.telemetry import logger
from contracts.notifications import Channel
from notifications import afterwards, bounces
from notifications.domain import NoticeState
from notifications.letters import reference_of
from notifications.notify import FAILURES

router = APIRouter(prefix="/api/notifications/v1", tags=["notifications"], route_class=RetryingRoute)

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
DELIVERED: Final = "delivered"
AGAIN_AFTER: Final = "300"  # seconds, after which Notify comes again by itself
log = logger(__name__)


class Receipt(BaseModel):
    """What Notify says of a message. The rest of what it sends is not read."""

    id: UUID
    reference: str | None = Field(max_length=200, pattern=PLAIN)
    to: str = Field(max_length=1000, pattern=PLAIN, repr=False)
    status: str = Field(max_length=100, pattern=PLAIN)


async def _is_from_notify(request: Request) -> None:
    """It brings a token of its own, which is none of the platform."""
    expected = request.app.state.settings.notify_receipt_token.get_secret_value()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_it = hmac.compare_digest(token.strip().encode(), expected.encode())
    if not (expected and is_it and scheme.lower() == "bearer"):
        raise Unauthenticated(presented=bool(token))


@router.post("/notify-receipts", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(_is_from_notify)])
async def take_receipt(database: Db, receipt: Receipt) -> None:
    """What became of a message at GOV.UK Notify; the same may come again. What is unknown here is let pass."""
    async with database.transaction() as tx:
        message = await afterwards.hold(tx, receipt.reference or "", Channel.NOTIFY)
        if message is None:
            log.info("a receipt of nothing that is known here", provider_id=str(receipt.id))
            return
        _come_again_while_sending(message)
        if receipt.status == DELIVERED:
            await afterwards.arrived(tx, message)
        elif (failure := FAILURES.get(receipt.status)) is not None:
            refused = [receipt.to] if failure.of_address else []
            await afterwards.did_not_arrive(tx, message, failure.reason, refused)
        else:
            log.warning("a receipt with a status that is not known here", provider_id=str(receipt.id))


@router.post(
    "/bounces",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra={"requestBody": {"required": True, "content": {"message/rfc822": {"schema": {"type": "string"}}}}},
)
async def take_bounce(request: Request, database: Db, caller: SignedIn) -> None:
    """A delivery status notification (RFC 3464) as the mail server got it, for operators and the team."""
    permit(caller, "operator", "team")
    bounce = bounces.read(await request.body())
    if not bounce.is_final:
        return
    async with database.transaction() as tx:
        message = await afterwards.hold(tx, reference_of(bounce.message_id), Channel.EMAIL)
        if message is None:
            log.info("a bounce of nothing that is known here")
            return
        _come_again_while_sending(message)
        await afterwards.did_not_arrive(tx, message, bounce.reason, bounce.refused)


def _come_again_while_sending(message: afterwards.Message) -> None:
    """It was quicker than our own commit. Notify comes again after a 5xx only."""
    if message.state is NoticeState.SENDING:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE, "The message is still being sent.", {"Retry-After": AGAIN_AFTER}
        )
