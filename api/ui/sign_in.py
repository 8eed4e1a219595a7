"""Signing in: in dev by picking who one is, by the same issuer as /dev/token."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import OPEN_TO_ALL
from api.desk import TheDesk
from api.dev import introduce
from api.errors import Missing
from api.reading import TheSession
from api.schemas.dev import TokenWanted
from api.ui import words
from api.ui.counter import Counter, TheCounter
from api.ui.csrf import expect_same_site
from api.ui.forms import Draft, Fault, TheForm
from api.ui.guards import PEOPLE
from api.ui.places import SIGN_IN, safe_next
from api.ui.refusals import REFUSED, faults_of, status_of
from api.ui.rendering import Show, TheShow, redirect
from api.ui.sessions import NotLetIn
from fulfillment.domain.people import Role
from fulfillment.store import directory

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(prefix=SIGN_IN, dependencies=[OPEN_TO_ALL], include_in_schema=False)

MOST_SHOWN = 24
FORM = "sign-in"
ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Somebody to sign in as with one click."""

    id: str
    name: str
    role: Role


@router.get("")
async def choose(
    show: TheShow,
    counter: TheCounter,
    session: TheSession,
    wanted: Annotated[str, Query(alias="next", max_length=500)] = "",
    why: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the ways in."""
    return await _page(show, counter, session, Draft.fresh(FORM, next=safe_next(wanted)), ended=why == ENDED)


@router.post("", dependencies=[Depends(expect_same_site)])
async def pick(
    request: Request,
    form: TheForm,
    show: TheShow,
    counter: TheCounter,
    desk: TheDesk,
    session: TheSession,
) -> Response:
    """Sign in as whoever was picked; they get the roles that the directory gives them, too.

    Raises:
        Missing: nobody picks who they are here.
    """
    issuer = counter.entrance.picker
    if issuer is None:
        raise Missing
    try:
        picked = form.sent(TokenWanted, drop=("next",))
        await introduce(desk.database, picked, Role(picked.role))
        known = await directory.find(session, picked.sub)
        token = issuer.mint(
            sub=picked.sub, role=Role(picked.role), name=picked.name, more=known.roles if known else ()
        )
        response = redirect(safe_next(form.text("next")))
        principal = await desk.verifier.verify(token)
        await counter.sessions.open(request, response, principal, role=Role(picked.role))
    except REFUSED as refusal:
        faults = faults_of(refusal, fields=("sub", "role", "name"), policy=desk.policy)
        draft = form.draft(FORM, faults)
        return await _page(show, counter, session, draft, status=status_of(refusal))
    except NotLetIn as refusal:
        draft = form.draft(FORM, [Fault(name="", says=str(refusal))])
        return await _page(show, counter, session, draft, status=403)
    return response


async def _page(
    show: Show,
    counter: Counter,
    session: AsyncSession,
    draft: Draft,
    *,
    status: int = 200,
    ended: bool = False,
) -> Response:
    choices = await _choices(session) if counter.entrance.picker else ()
    return show(
        "sign_in.html",
        status=status,
        draft=draft,
        choices=choices,
        entrance=counter.entrance,
        ended=ended,
        role_choices=[(role.value, words.role(role)) for role in PEOPLE],
    )


async def _choices(session: AsyncSession) -> tuple[Choice, ...]:
    """Return those who came into the directory first, once for each of their roles."""
    people = await directory.earliest(session, limit=MOST_SHOWN)
    return tuple(
        Choice(id=person.id, name=person.name, role=role)
        for person in people
        for role in person.roles
        if person.active
    )
