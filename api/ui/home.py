"""Where people arrive, change the role they act in, and leave."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.errors import Missing
from api.ui.counter import TheCounter
from api.ui.forms import TheForm
from api.ui.guards import signed_in
from api.ui.places import ACT_AS, HOME, ROOT, SIGN_IN, SIGN_OUT, home_of, safe_next
from api.ui.rendering import TheShow, redirect
from api.ui.visitor import Visitor
from fulfillment.domain.people import Role

router = APIRouter(include_in_schema=False)

Anybody = Annotated[Visitor, Depends(signed_in())]


@router.get(ROOT)
@router.get(HOME)
async def arrive(visitor: Anybody, show: TheShow) -> Response:
    """Send everybody to where their role begins."""
    home = home_of(visitor.role)
    if home is None:
        return show("nothing_yet.html")
    return redirect(home)


@router.post(ACT_AS)
async def act_as(visitor: Anybody, form: TheForm, counter: TheCounter) -> Response:
    """Go on in another of one's roles.

    Raises:
        Missing: it is none of theirs.
    """
    wanted = form.text("role")
    if wanted not in visitor.roles:
        raise Missing
    response = redirect(safe_next(form.text("next")))
    if not await counter.sessions.act_as(response, visitor, Role(wanted)):
        raise Missing
    return response


@router.post(SIGN_OUT)
async def sign_out(visitor: Anybody, counter: TheCounter, show: TheShow) -> Response:
    """End the session, here and in the database."""
    response = show.done(SIGN_IN, "You are signed out.")
    await counter.sessions.end(response, visitor)
    return response
