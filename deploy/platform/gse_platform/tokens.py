"""`./gse token`: what a browser and members do when somebody signs in, done by HTTP for a persona."""

import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from gse_platform.home import CannotGoOn


def token(state: dict[str, Any], persona: str) -> str:
    """A platform token for a persona of the local identity provider, good for ten minutes."""
    provider = state["identity_provider"]
    if not provider["local"]:
        raise CannotGoOn(f"The identity provider {provider['issuer']} is not a local one: sign in there instead.")
    try:
        with httpx2.Client(timeout=15, trust_env=False) as client:
            id_token = _sign_in(client, provider, persona)
            answer = client.post(f"{state['front_door']}/api/members/v1/tokens", json={"id_token": id_token})
    except httpx2.RequestError as error:
        raise CannotGoOn(f"Signing in did not work ({error}): look at ./gse status.") from None
    if answer.is_error:
        raise CannotGoOn(f"members gave no token ({answer.status_code}): {_detail(answer)}")
    found: str = answer.json()["access_token"]
    return found


def _sign_in(client: httpx2.Client, provider: dict[str, Any], persona: str) -> str:
    """OpenID Connect's authorization code flow, with the persona's click in the middle."""
    endpoints = client.get(f"{provider['issuer']}/.well-known/openid-configuration").json()
    back_to = "http://localhost/signed-in"
    asked = {
        "client_id": provider["client_id"],
        "redirect_uri": back_to,
        "response_type": "code",
        "scope": "openid profile email",
        "state": secrets.token_urlsafe(8),
        "nonce": secrets.token_urlsafe(8),
    }
    clicked = client.post(endpoints["authorization_endpoint"], params=asked, data={"sub": persona})
    returned = parse_qs(urlsplit(clicked.headers.get("location", "")).query)
    if "code" not in returned:
        raise CannotGoOn(f"The identity provider did not sign {persona} in ({clicked.status_code}).")
    given = client.post(
        endpoints["token_endpoint"],
        data={"grant_type": "authorization_code", "code": returned["code"][0], "redirect_uri": back_to},
        auth=(provider["client_id"], provider["client_secret"]),
    )
    if given.is_error:
        raise CannotGoOn(f"The identity provider gave no token ({given.status_code}).")
    id_token: str = given.json()["id_token"]
    return id_token


def _detail(answer: httpx2.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        return "no explanation"
    return str(found.get("detail") or found.get("title")) if isinstance(found, dict) else "no explanation"
