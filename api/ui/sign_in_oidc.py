"""Signing in elsewhere: on to the provider, and back from it with a person."""

from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import OPEN_TO_ALL
from api.errors import Missing
from api.ui.counter import Counter, TheCounter
from api.ui.guards import PEOPLE
from api.ui.headers import PAGE
from api.ui.oidc import Back, Begun, Oidc, SignInRefused
from api.ui.places import SIGN_IN, safe_next
from api.ui.rendering import TheShow, redirect
from api.ui.sessions import NotLetIn
from fulfillment.domain.people import Role

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(prefix=SIGN_IN, dependencies=[OPEN_TO_ALL], include_in_schema=False)

COOKIE = "sign-in"
LASTING = 600
"""Seconds somebody has at the provider."""

Brought = Annotated[str, Query(max_length=2000)]


@router.get("/start")
async def start(
    counter: TheCounter, wanted: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Send somebody to the provider. It is a link: browsers would not let a form lead to another site."""
    url, begun = await _provider(counter).begin()
    response = RedirectResponse(url, status_code=303, headers=dict(PAGE))
    kept = asdict(begun) | {"next": safe_next(wanted)}
    counter.cookies.give(response, COOKIE, kept, seconds=LASTING)
    return response


@router.get("/callback")
async def come_back(
    request: Request,
    counter: TheCounter,
    show: TheShow,
    state: Brought = "",
    code: Brought = "",
    error: Brought = "",
    iss: Brought = "",
) -> Response:
    """Sign in whoever has come back from the provider, once."""
    provider = _provider(counter)
    kept: Any = counter.cookies.read(request, COOKIE, seconds=LASTING)
    try:
        begun, wanted = _begun(kept)
        back = Back(state=state, code=code, error=error, issuer=iss)
        person = await provider.finish(begun, back)
        response: Response = redirect(wanted)
        await counter.sessions.open(request, response, person, role=_first(person.roles))
    except (SignInRefused, NotLetIn) as refused:
        response = show("sign_in_refused.html", status=403, says=str(refused), again=_again(kept))
    counter.cookies.take(response, COOKIE)
    return response


def _provider(counter: Counter) -> Oidc:
    """Return the provider.

    Raises:
        Missing: people do not sign in there.
    """
    if counter.entrance.provider is None:
        raise Missing
    return counter.entrance.provider


def _begun(kept: Any) -> tuple[Begun, str]:
    """Return what this browser has begun, and where it wanted to go.

    Raises:
        SignInRefused: it has begun nothing, or too long ago.
    """
    if not isinstance(kept, dict):
        log.warning("ui.sign_in.refused", reason="NotBegun")
        raise SignInRefused("This sign-in was begun elsewhere, or has run out.")
    begun = Begun(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
    return begun, safe_next(kept["next"])


def _first(roles: frozenset[Role]) -> Role:
    """Return the role somebody begins in; they can change to another of theirs.

    Raises:
        SignInRefused: they have none.
    """
    found = next((role for role in PEOPLE if role in roles), None)
    if found is None:
        raise SignInRefused("Your account has no part in this yet. Please ask our team about it.")
    return found


def _again(kept: Any) -> str:
    """Return where to start anew, without losing where they wanted to go."""
    wanted = safe_next(kept["next"]) if isinstance(kept, dict) else ""
    return f"{SIGN_IN}?{urlencode({'next': wanted})}" if wanted else SIGN_IN
