"""The page that offers a member the copy of all that is held of them: each part, and all of them in one file.

The parts are joined in the browser (`chassis.copies`), so members never sees what the others hold.
"""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.identity import SignedIn
from chassis.web import render

router = APIRouter(prefix="/members/profile/copy", include_in_schema=False)

PARTS: Final = {
    "members": "Your details, sign-ins and roles",
    "mentoring": "Your mentoring",
    "events": "Your places at events",
    "notifications": "Our messages to you, and how you want to hear",
}


@router.get("")
async def offer(request: Request, _: SignedIn) -> HTMLResponse:
    return render(request, "rights/copy.html", parts=PARTS)
